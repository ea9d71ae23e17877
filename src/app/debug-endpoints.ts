/** The debug endpoints of a control plane, and the ways by which they are reached. */
import { hostname } from "node:os";
import { join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Authenticate } from "../ca/caller/authenticate.js";
import { describePod, describeService } from "../console/describe/describe.js";
import { explain } from "../console/explain/explain.js";
import { listSources } from "../console/explain/list-sources.js";
import { findProxy, type Scene } from "../console/explain/scene.js";
import { why } from "../console/explain/why.js";
import { createCheckAccess, type Entrance, type Identity } from "../debug/access.js";
import { DEBUG_SERVICE, DEBUG_SOCKET } from "../debug/api/debug-names.js";
import { createDebugService, type DebugServiceOptions } from "../debug/api/debug-service.js";
import type { PlanConversationOptions } from "../debug/api/plan-conversation.js";
import { serviceDefinition } from "../debug/grpc-service.js";
import { createReadAccepted } from "../debug/held/accepted-resources.js";
import { createComposeDump } from "../debug/held/config-dump.js";
import {
  addClientStatusService,
  CLIENT_STATUS_SERVICE,
  type ClientStatusOptions,
} from "../debug/istio/client-status-service.js";
import { createIstioDebug } from "../debug/istio/istio-debug.js";
import type { Observed } from "../debug/observed.js";
import { createOpenServices } from "../debug/open-services.js";
import { timestamp } from "../debug/timestamp.js";
import { ISTIO_VERSION } from "../envoy/bootstrap/node.js";
import type { Encoder } from "../envoy/resource/encoder.js";
import type { ResourceSets } from "../envoy/resource/resource-set.js";
import type { GrpcServer } from "../grpc/server.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Proxy } from "../mesh/proxy/proxy.js";
import { groupOf, memberProxy } from "../mesh/workload/group-member.js";
import type { Questions } from "../xds/questions.js";
import type { ScopedLoggers } from "./log/scoped-loggers.js";
import { startGrpcSocket } from "./ports/grpc-socket.js";

/** What the endpoints are made of. */
export interface DebugEndpointsOptions {
  readonly observed: Observed;
  readonly version: string;
  /** fairlead's own API, as a serialized FileDescriptorSet. */
  readonly api: Uint8Array;
  readonly encoder: Encoder;
  /** What a proxy should hold. */
  readonly resourcesOf: (proxy: Proxy) => ResourceSets;
  readonly authenticate: Authenticate;
  /** Who may ask over TLS. */
  readonly operators: readonly Identity[];
  readonly plans: PlanConversationOptions;
  readonly now: () => number;
  readonly logs: ScopedLoggers;
}

/** See the top of this file. */
export interface DebugEndpoints {
  /** Answers what istioctl asks on discovery streams. */
  readonly questions: Questions;
  /** Adds the services to a server whose calls come in by this entrance. */
  addTo(server: GrpcServer, entrance: Entrance): void;
  /** Serves them on the socket in the state directory; without it they are on the ports alone. The result ends that. */
  serveSocket(stateDir: string): Promise<() => Promise<void>>;
}

/** Those that are connected, with what their groups say. */
const connectedProxies = (
  { sessions }: Pick<Observed, "sessions">,
  { groups }: Pick<Mesh, "groups">,
): readonly Proxy[] =>
  sessions().map(({ connected: { proxy } }) => memberProxy(proxy, groupOf(proxy, groups)));

/** Answers questions about the mesh as it is when they are asked. */
function explanations({
  observed,
  encoder,
  resourcesOf,
}: DebugEndpointsOptions): Pick<DebugServiceOptions, "explain" | "why" | "listSources"> {
  const about = <Answer>(
    name: string,
    answer: (scene: Scene, proxy: Proxy) => Answer,
  ): Answer | undefined => {
    const mesh = observed.mesh();
    const scene: Scene = {
      mesh,
      snapshot: observed.snapshot(),
      proxies: connectedProxies(observed, mesh),
      resourcesOf,
      encoder,
    };
    const proxy = findProxy(scene, name);
    return proxy && answer(scene, proxy);
  };
  return {
    explain: (name, requested) => about(name, (scene, proxy) => explain(scene, proxy, requested)),
    listSources: (name, typeUrl) =>
      about(name, (scene, proxy) => listSources(scene, proxy, typeUrl) ?? "unknown"),
    why: (name, resource) => about(name, (scene, proxy) => why(scene, proxy, resource)),
  };
}

/** What is known of this control plane, and how what clients hold is shown: shared by the services. */
function commonOptions({ observed, version, encoder, now }: DebugEndpointsOptions) {
  const readAccepted = createReadAccepted(encoder.registry);
  const controlPlane = {
    id: hostname(),
    version,
    istioVersion: ISTIO_VERSION,
    startedAt: timestamp(now()),
  };
  return { observed, controlPlane, readAccepted, composeDump: createComposeDump(readAccepted) };
}

type CommonOptions = ReturnType<typeof commonOptions>;

function debugService(
  options: DebugEndpointsOptions,
  { observed, controlPlane, composeDump }: CommonOptions,
): DebugServiceOptions {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, options.api));
  return {
    definition: serviceDefinition(registry, DEBUG_SERVICE),
    observed,
    controlPlane,
    composeDump,
    now: options.now,
    plans: options.plans,
    logScopes: options.logs.scopes,
    onAsked: (method, entrance) => {
      options.logs.loggers.debug.debug({ method, entrance }, "asked");
    },
    describe: ({
      kind = "",
      name = "",
      namespace = "",
      viewedFrom = "",
      ignoreUnmeshed = false,
    }) => {
      const describeIt = kind === "pod" ? describePod : describeService;
      const mesh = observed.mesh();
      const subject = {
        mesh,
        snapshot: observed.snapshot(),
        proxies: connectedProxies(observed, mesh),
        namespace: viewedFrom,
        ignoresUnmeshed: ignoreUnmeshed,
      };
      return describeIt(subject, { name, namespace });
    },
    ...explanations(options),
  };
}

/** Endpoints that nobody reaches yet. */
export function createDebugEndpoints(options: DebugEndpointsOptions): DebugEndpoints {
  const { authenticate, operators, encoder } = options;
  const logger = options.logs.loggers.debug;
  const common = commonOptions(options);
  const { observed, controlPlane, readAccepted, composeDump } = common;
  const checkAccess = createCheckAccess({ authenticate, operators });
  const addDebugService = createDebugService(debugService(options, common));
  const clientStatus: ClientStatusOptions = {
    definition: serviceDefinition(encoder.registry, CLIENT_STATUS_SERVICE),
    observed,
    readAccepted,
  };
  const addOpenServices = createOpenServices(options.api);
  const onError = (error: unknown): void => {
    logger.error({ err: error }, "a debug call failed");
  };
  const addTo: DebugEndpoints["addTo"] = (server, entrance) => {
    const guard = { entrance, checkAccess, onError };
    addDebugService(server, guard);
    addClientStatusService(server, guard, clientStatus);
    addOpenServices(server);
  };
  const questions = createIstioDebug({
    registry: encoder.registry,
    observed,
    controlPlane,
    composeDump,
    checkAccess,
  });
  return {
    questions,
    addTo,
    serveSocket: async (stateDir) => {
      try {
        return await startGrpcSocket(join(stateDir, DEBUG_SOCKET), (server) => {
          addTo(server, "socket");
        });
      } catch (error) {
        logger.warn({ err: error }, "commands reach this control plane by its ports alone");
        return () => Promise.resolve();
      }
    },
  };
}
