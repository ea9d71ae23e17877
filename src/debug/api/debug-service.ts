/** fairlead's own debug API, see proto/fairlead/debug/v1/debug.proto. */
import type { ServiceDefinition } from "@grpc/grpc-js";
import type { ControlPlaneJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { addService } from "../../grpc/hosted-service.js";
import type { GrpcServer } from "../../grpc/server.js";
import { type Entrance, forChanges } from "../access.js";
import { type Answer, type CallGuard, conversing, unary, watching } from "../calls.js";
import type { ComposeDump } from "../held/config-dump.js";
import { oneByOne } from "../one-by-one.js";
import { analyzeConfiguration } from "./analyze-configuration.js";
import type { Answers } from "./answers.js";
import { describeConfiguration } from "./describe-configuration.js";
import { describeConvergence } from "./describe-convergence.js";
import { describeDiagnostics } from "./describe-diagnostics.js";
import { describePeers } from "./describe-peers.js";
import { describeProxy } from "./describe-proxy.js";
import { createExplanations, type ExplanationOptions } from "./explanations.js";
import {
  connectionsFor,
  findConnection,
  wantedConnections,
  wantedProxy,
} from "./find-connections.js";
import { getDebugPath } from "./get-debug-path.js";
import { listNames } from "./list-names.js";
import { listTlsPolicies } from "./list-tls-policies.js";
import { type LogScopes, listLogScopes, setLogLevels } from "./log-scopes.js";
import { createPlanConversations, type PlanConversationOptions } from "./plan-conversation.js";
import { masked } from "./read-mask.js";
import { resourceSyncs } from "./resource-sync.js";

/** What the service is made of. */
export interface DebugServiceOptions extends ExplanationOptions {
  readonly definition: ServiceDefinition;
  readonly controlPlane: ControlPlaneJson;
  readonly composeDump: ComposeDump;
  readonly logScopes: LogScopes;
  /** Told of each call that is answered. */
  readonly onAsked: (method: string, entrance: Entrance) => void;
  /** How plans are made. */
  readonly plans: PlanConversationOptions;
}

function createAnswers(options: DebugServiceOptions): Answers {
  const { observed, controlPlane, composeDump, logScopes, now } = options;
  return {
    ...createExplanations(options),
    GetControlPlane: () => controlPlane,
    ListProxies: ({ readMask = "", ...wanted }) => ({
      controlPlane,
      proxies: wantedConnections(observed, wanted).map((connection) =>
        masked(describeProxy(connection, observed), readMask),
      ),
      peers: describePeers(observed.peers(), wantedProxy(observed, wanted)),
    }),
    GetConfigDump: async ({ proxy = "", sections = [] }) => {
      const connection = findConnection(observed, proxy);
      const configs = await composeDump(connection.stream, observed, sections);
      return {
        proxy: describeProxy(connection, observed),
        configDump: JSON.stringify({ configs }),
      };
    },
    ListResources: (request) => {
      const { typeUrl = "", name = "" } = request;
      const resources = connectionsFor(observed, request).flatMap((connection) =>
        resourceSyncs(connection, observed, { typeUrl, name }),
      );
      return { resources: [...resources] };
    },
    GetConfiguration: () => describeConfiguration(observed),
    ListNames: (request) => ({ resources: [...listNames(observed.snapshot().tables, request)] }),
    GetConvergence: async (request) => {
      if (request.refresh === true) await observed.refresh();
      return describeConvergence(observed, request);
    },
    ListEvents: (request) => ({ events: [...observed.events.list(request)] }),
    ListPushes: (request) => ({ pushes: [...observed.pushes.list(request)] }),
    GetDebugPath: (request) => getDebugPath(request, options),
    ListLogScopes: () => listLogScopes(logScopes),
    SetLogLevels: (request) => setLogLevels(logScopes, request),
    Analyze: (request) => {
      const snapshot = observed.snapshot();
      const diagnostics = [...snapshot.diagnostics, ...observed.effects()];
      return analyzeConfiguration({ ...snapshot, diagnostics }, request, new Date(now()));
    },
    ListTlsPolicies: ({ proxy = "", host = "" }) => {
      const { namespace, labels } = findConnection(observed, proxy).proxy;
      const query = { namespace, labels, ...(host === "" ? {} : { host }) };
      return { policies: listTlsPolicies(observed, query) };
    },
  };
}

/** The methods that change something. */
const CHANGING: ReadonlySet<string> = new Set<keyof Answers>(["SetLogLevels"]);

/** What adds the service to a server: the same answers by all entrances. */
export function createDebugService(
  options: DebugServiceOptions,
): (server: GrpcServer, guard: CallGuard) => void {
  const answers = Object.entries(createAnswers(options)) as [string, Answer<object, object>][];
  const plan = createPlanConversations(options.plans);
  const { observed, onAsked } = options;
  const inTurn = oneByOne();
  return (server, guard) => {
    const changing = { ...guard, checkAccess: forChanges(guard.checkAccess) };
    const handlers = answers.map(([name, answer]) => {
      const told: typeof answer = (request) => {
        onAsked(name, guard.entrance);
        return answer(request);
      };
      return [name, unary(told, CHANGING.has(name) ? changing : guard, inTurn)] as const;
    });
    addService(server, options.definition, {
      ...Object.fromEntries(handlers),
      Plan: conversing(plan, guard),
      WatchDiagnostics: watching(
        () => describeDiagnostics(observed.snapshot().diagnostics),
        (listener) => observed.onUpdate(listener),
        guard,
      ),
    });
  };
}
