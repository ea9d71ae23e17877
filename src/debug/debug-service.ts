/** fairlead's own debug API, see proto/fairlead/debug/v1/debug.proto. */
import { type Server, type ServiceDefinition, status } from "@grpc/grpc-js";
import type {
  ControlPlaneJson,
  GetConfigDumpRequestJson,
  GetConfigDumpResponseJson,
  ListProxiesRequestJson,
  ListProxiesResponseJson,
  ListTlsPoliciesRequestJson,
  ListTlsPoliciesResponseJson,
} from "../../gen/types/fairlead/debug/v1/debug_pb.js";
import { tlsDecisions } from "../mesh/tls-decisions.js";
import { type Answer, type CallGuard, CallRefused, unary } from "./calls.js";
import type { ComposeDump } from "./config-dump.js";
import { describeProxy } from "./describe-proxy.js";
import { describeTls } from "./describe-tls.js";
import { type Connection, connectionsOf, type Observed } from "./observed.js";

/** What the service is made of. */
export interface DebugServiceOptions {
  readonly definition: ServiceDefinition;
  readonly observed: Observed;
  readonly controlPlane: ControlPlaneJson;
  readonly composeDump: ComposeDump;
}

/** The answers of the service by method. */
interface Answers {
  readonly GetControlPlane: Answer<object, ControlPlaneJson>;
  readonly ListProxies: Answer<ListProxiesRequestJson, ListProxiesResponseJson>;
  readonly GetConfigDump: Answer<GetConfigDumpRequestJson, GetConfigDumpResponseJson>;
  readonly ListTlsPolicies: Answer<ListTlsPoliciesRequestJson, ListTlsPoliciesResponseJson>;
}

function findConnection(observed: Observed, id: string): Connection {
  const found = connectionsOf(observed).find(({ proxy }) => proxy.id === id);
  if (found !== undefined) return found;
  throw new CallRefused(
    status.NOT_FOUND,
    id === "" ? "the request names no proxy" : `no proxy ${id} is connected`,
  );
}

function createAnswers({ observed, controlPlane, composeDump }: DebugServiceOptions): Answers {
  return {
    GetControlPlane: () => controlPlane,
    ListProxies: ({ namespace = "" }) => ({
      controlPlane,
      proxies: connectionsOf(observed)
        .filter(({ proxy }) => namespace === "" || proxy.namespace === namespace)
        .map(describeProxy),
    }),
    GetConfigDump: async ({ proxy = "" }) => {
      const connection = findConnection(observed, proxy);
      const configs = await composeDump(connection.stream, observed);
      return { proxy: describeProxy(connection), configDump: JSON.stringify({ configs }) };
    },
    ListTlsPolicies: ({ proxy: id = "", host = "" }) => {
      const { proxy } = findConnection(observed, id);
      const { tables, locate } = observed.snapshot();
      const query = { namespace: proxy.namespace, ...(host === "" ? {} : { host }) };
      const decisions = tlsDecisions(observed.mesh(), tables.DestinationRule, query);
      return { policies: decisions.map((decision) => describeTls(decision, locate)) };
    },
  };
}

/** Adds the service to a server. */
export function addDebugService(
  server: Server,
  guard: CallGuard,
  options: DebugServiceOptions,
): void {
  const handlers = Object.entries(createAnswers(options)).map(
    ([name, answer]) => [name, unary(answer as Answer<object, object>, guard)] as const,
  );
  server.addService(options.definition, Object.fromEntries(handlers));
}
