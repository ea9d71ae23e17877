/** fairlead's own debug API, see proto/fairlead/debug/v1/debug.proto. */
import { isIP } from "node:net";
import type { ServiceDefinition } from "@grpc/grpc-js";
import type {
  AnalyzeRequestJson,
  ConfigurationJson,
  ControlPlaneJson,
  ConvergenceJson,
  DescribeRequestJson,
  DescribeResponseJson,
  DiagnosticsJson,
  ExplainRequestJson,
  ExplainResponseJson,
  GetConfigDumpRequestJson,
  GetConfigDumpResponseJson,
  GetConvergenceRequestJson,
  GetDebugPathRequestJson,
  GetDebugPathResponseJson,
  ListEventsRequestJson,
  ListEventsResponseJson,
  ListLogScopesResponseJson,
  ListNamesRequestJson,
  ListNamesResponseJson,
  ListProxiesRequestJson,
  ListProxiesResponseJson,
  ListPushesRequestJson,
  ListPushesResponseJson,
  ListResourcesRequestJson,
  ListResourcesResponseJson,
  ListSourcesRequestJson,
  ListSourcesResponseJson,
  ListTlsPoliciesRequestJson,
  ListTlsPoliciesResponseJson,
  SetLogLevelsRequestJson,
  WhyRequestJson,
  WhyResponseJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { didYouMean } from "../../base/closest-word.js";
import { rememberedLocate } from "../../config/remembered-locate.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { addService } from "../../grpc/hosted-service.js";
import type { GrpcServer } from "../../grpc/server.js";
import { status } from "../../grpc/status-code.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { tlsDecisions } from "../../mesh/security/tls-decisions.js";
import { isCalledUrl } from "../../simulator/called-url.js";
import { type Entrance, forChanges } from "../access.js";
import { type Answer, type CallGuard, conversing, unary, watching } from "../calls.js";
import type { ComposeDump } from "../held/config-dump.js";
import { type Connection, connectionsOf, type Observed } from "../observed.js";
import { createInTurn } from "../one-by-one.js";
import { analyzeConfiguration } from "./analyze-configuration.js";
import { describeConfiguration } from "./describe-configuration.js";
import { describeConvergence } from "./describe-convergence.js";
import { describeDiagnostics } from "./describe-diagnostics.js";
import { describePeers, peerConnectedTo } from "./describe-peers.js";
import { describeProxy } from "./describe-proxy.js";
import { describeTls } from "./describe-tls.js";
import { getDebugPath } from "./get-debug-path.js";
import { listNames } from "./list-names.js";
import { type LogScopes, listLogScopes, setLogLevels } from "./log-scopes.js";
import { createPlanConversations, type PlanConversationOptions } from "./plan-conversation.js";
import { masked } from "./read-mask.js";
import { resourceSyncs } from "./resource-sync.js";
import { servingIds } from "./serving-proxies.js";

/** What the service is made of. */
export interface DebugServiceOptions {
  readonly definition: ServiceDefinition;
  readonly observed: Observed;
  readonly controlPlane: ControlPlaneJson;
  readonly composeDump: ComposeDump;
  /** In milliseconds since 1970. */
  readonly now: () => number;
  /** What concerns a pod or a service, in lines; undefined when there is none of that name. */
  readonly describe: (request: DescribeRequestJson) => readonly string[] | undefined;
  /** What becomes of a request by a proxy, as JSON; undefined when it is not connected. */
  readonly explain: (
    proxy: string,
    requested: Pick<Required<ExplainRequestJson>, "method" | "headers"> & {
      readonly url: URL;
      readonly fromIp?: string;
      /** When it is asked, in milliseconds since 1970. */
      readonly at: number;
    },
  ) => object | undefined;
  /** What made the resources of a name, as JSON, or names like it; undefined when the proxy is not connected. */
  readonly why: (
    proxy: string,
    resource: string,
  ) => { readonly stages: readonly object[]; readonly near: readonly string[] } | undefined;
  /**
   * What made the resources of a type, as JSON: "unknown" when there is no such type, undefined when the proxy is not
   * connected.
   */
  readonly listSources: (
    proxy: string,
    typeUrl: string,
  ) => readonly object[] | "unknown" | undefined;
  readonly logScopes: LogScopes;
  /** Told of each call that is answered. */
  readonly onAsked: (method: string, entrance: Entrance) => void;
  /** How plans are made. */
  readonly plans: PlanConversationOptions;
}

/** The answers of the service by method. */
interface Answers {
  readonly GetControlPlane: Answer<object, ControlPlaneJson>;
  readonly ListProxies: Answer<ListProxiesRequestJson, ListProxiesResponseJson>;
  readonly GetConfigDump: Answer<GetConfigDumpRequestJson, GetConfigDumpResponseJson>;
  readonly ListTlsPolicies: Answer<ListTlsPoliciesRequestJson, ListTlsPoliciesResponseJson>;
  readonly Describe: Answer<DescribeRequestJson, DescribeResponseJson>;
  readonly ListSources: Answer<ListSourcesRequestJson, ListSourcesResponseJson>;
  readonly Why: Answer<WhyRequestJson, WhyResponseJson>;
  readonly Explain: Answer<ExplainRequestJson, ExplainResponseJson>;
  readonly ListResources: Answer<ListResourcesRequestJson, ListResourcesResponseJson>;
  readonly GetDebugPath: Answer<GetDebugPathRequestJson, GetDebugPathResponseJson>;
  readonly ListLogScopes: Answer<object, ListLogScopesResponseJson>;
  readonly SetLogLevels: Answer<SetLogLevelsRequestJson, ListLogScopesResponseJson>;
  readonly Analyze: Answer<AnalyzeRequestJson, DiagnosticsJson>;
  readonly GetConfiguration: Answer<object, ConfigurationJson>;
  readonly ListNames: Answer<ListNamesRequestJson, ListNamesResponseJson>;
  readonly GetConvergence: Answer<GetConvergenceRequestJson, ConvergenceJson>;
  readonly ListEvents: Answer<ListEventsRequestJson, ListEventsResponseJson>;
  readonly ListPushes: Answer<ListPushesRequestJson, ListPushesResponseJson>;
}

function findConnection(observed: Observed, id: string): Connection {
  const found = connectionsOf(observed).find(({ proxy }) => proxy.id === id);
  if (found !== undefined) return found;
  throw id === ""
    ? new CallRefused(status.NOT_FOUND, "the request names no proxy")
    : notConnected(id, observed);
}

function notConnected(id: string, observed: Observed): CallRefused {
  const elsewhere = peerConnectedTo(id, observed.peers());
  if (elsewhere !== undefined) {
    return new CallRefused(
      status.NOT_FOUND,
      `the proxy ${id} is connected to the control plane at ${elsewhere}: ask that`,
    );
  }
  const guess = didYouMean(id, connectedIds(observed));
  return new CallRefused(status.NOT_FOUND, `no proxy ${id} is connected${guess}`);
}

const connectedIds = (observed: Observed): readonly string[] =>
  connectionsOf(observed).map(({ proxy }) => proxy.id);

/** The names `NAME.NAMESPACE` of what can be described. */
function describedNames(kind: string, observed: Observed): readonly string[] {
  if (kind === "pod") return connectedIds(observed);
  const services = observed.snapshot().tables.Service.values();
  return [...services].map(({ metadata }) => `${metadata.name}.${metadata.namespace}`);
}

/** Those that say what decides what. */
function createExplanations({
  observed,
  describe,
  explain,
  why,
  listSources,
  now,
}: DebugServiceOptions): Pick<Answers, "Describe" | "Explain" | "ListSources" | "Why"> {
  return {
    Describe: (request) => {
      const lines = describe(request);
      if (lines !== undefined) return { lines: [...lines] };
      const { kind = "", name = "", namespace = "" } = request;
      const id = `${name}.${namespace}`;
      const guess = didYouMean(id, describedNames(kind, observed));
      throw new CallRefused(status.NOT_FOUND, `there is no ${kind} ${id}${guess}`);
    },
    ListSources: ({ proxy = "", typeUrl = "" }) => {
      const resources = listSources(proxy, typeUrl);
      if (resources === undefined) {
        throw notConnected(proxy, observed);
      }
      if (resources !== "unknown") return { resources: JSON.stringify(resources) };
      const message = `"${typeUrl}" is no type of clusters, endpoints, listeners or route configurations`;
      throw new CallRefused(status.INVALID_ARGUMENT, message);
    },
    Why: ({ proxy = "", resource = "" }) => {
      const made = why(proxy, resource);
      if (made === undefined) throw notConnected(proxy, observed);
      return { stages: JSON.stringify(made.stages), near: [...made.near] };
    },
    Explain: ({ proxy = "", method = "GET", url = "", headers = {}, fromIp = "" }) => {
      const source = fromIp === "" ? {} : { fromIp: parseIp(fromIp) };
      const requested = { method, url: parseUrl(url), headers, at: now(), ...source };
      const explanation = explain(proxy, requested);
      if (explanation !== undefined) return { explanation: JSON.stringify(explanation) };
      throw notConnected(proxy, observed);
    },
  };
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
    ListTlsPolicies: ({ proxy: id = "", host = "" }) => {
      const { proxy } = findConnection(observed, id);
      const { tables, locate } = observed.snapshot();
      const { namespace, labels } = proxy;
      const query = { namespace, labels, ...(host === "" ? {} : { host }) };
      const mesh = observed.mesh();
      const context = { locate: rememberedLocate(locate), trustDomain: mesh.config.trustDomain };
      const decisions = tlsDecisions(mesh, tables.DestinationRule, query);
      return { policies: decisions.map((decision) => describeTls(decision, context)) };
    },
  };
}

/** Those of the proxies that a request limits its question to. */
function wantedConnections(
  observed: Observed,
  wanted: ListProxiesRequestJson,
): readonly Connection[] {
  const isWanted = wantedProxy(observed, wanted);
  return connectionsOf(observed).filter(({ proxy }) => isWanted(proxy));
}

function wantedProxy(
  observed: Observed,
  { namespace = "", name = "", service = "" }: ListProxiesRequestJson,
): (proxy: Proxy) => boolean {
  const serving = service === "" ? undefined : servingIds(observed.mesh(), service);
  return (proxy) =>
    (namespace === "" || proxy.namespace === namespace) &&
    (name === "" || [proxy.name, proxy.workloadName].includes(name)) &&
    serving?.has(proxy.id) !== false;
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && isCalledUrl(url)) return url;
  const message = `"${text}" is no URL of http or https, and no tcp://HOST:PORT`;
  throw new CallRefused(status.INVALID_ARGUMENT, message);
}

function parseIp(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new CallRefused(status.INVALID_ARGUMENT, `"${text}" is no IP address`);
}

/** The connections that are asked about: the one of a proxy, or all when a single resource is meant. */
function connectionsFor(
  observed: Observed,
  { proxy = "", typeUrl = "", name = "" }: ListResourcesRequestJson,
): readonly Connection[] {
  if (proxy !== "") return [findConnection(observed, proxy)];
  if (typeUrl !== "" && name !== "") return connectionsOf(observed);
  throw new CallRefused(status.INVALID_ARGUMENT, "name a proxy, or a type and a resource");
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
  const inTurn = createInTurn();
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
