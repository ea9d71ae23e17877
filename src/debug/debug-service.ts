/** fairlead's own debug API, see proto/fairlead/debug/v1/debug.proto. */
import {
  type handleUnaryCall,
  type Server,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
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
import { type CheckAccess, type Entrance, peerOf } from "./access.js";
import type { ComposeDump } from "./config-dump.js";
import { describeProxy } from "./describe-proxy.js";
import { describeTls } from "./describe-tls.js";
import { type Connection, connectionsOf, type Observed } from "./observed.js";

/** A call that cannot be answered; the message is for the caller. */
class CallRefused extends Error {
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.name = "CallRefused";
    this.code = code;
  }
}

/** What the service is made of. */
export interface DebugServiceOptions {
  readonly definition: ServiceDefinition;
  readonly observed: Observed;
  readonly controlPlane: ControlPlaneJson;
  readonly composeDump: ComposeDump;
  readonly checkAccess: CheckAccess;
  /** Told of a fault of ours. */
  readonly onError: (error: unknown) => void;
}

/** Answers one method. */
type Answer<Request, Response> = (request: Request) => Response | Promise<Response>;

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
      const configs = await composeDump(connection.stream, (stream, typeUrl) =>
        observed.accepted(stream, typeUrl),
      );
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

/** Adds the service to a server whose calls come in by this entrance. */
export function addDebugService(
  server: Server,
  entrance: Entrance,
  options: DebugServiceOptions,
): void {
  const handlers = Object.entries(createAnswers(options)).map(
    ([name, answer]) =>
      [name, handle(answer as Answer<object, object>, entrance, options)] as const,
  );
  server.addService(options.definition, Object.fromEntries(handlers));
}

function handle(
  answer: Answer<object, object>,
  entrance: Entrance,
  { checkAccess, onError }: DebugServiceOptions,
): handleUnaryCall<object, object> {
  const run = async (
    call: ServerUnaryCall<object, object>,
    respond: sendUnaryData<object>,
  ): Promise<void> => {
    try {
      const access = await checkAccess(entrance, peerOf(call));
      if (access.kind === "denied") throw new CallRefused(access.code, access.message);
      respond(null, await answer(call.request));
    } catch (error) {
      if (error instanceof CallRefused) {
        respond({ code: error.code, details: error.message });
      } else {
        onError(error);
        respond({ code: status.INTERNAL, details: "internal error" });
      }
    }
  };
  return (call, respond) => {
    void run(call, respond);
  };
}
