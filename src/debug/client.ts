/** The other side of the debug API: how a command asks a control plane that runs. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  type ChannelCredentials,
  Client,
  credentials,
  type MethodDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
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
  ListEventsRequestJson,
  ListEventsResponseJson,
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
  PlanRequestJson,
  PlanResponseJson,
  WhyRequestJson,
  WhyResponseJson,
} from "../../gen/types/fairlead/debug/v1/debug_pb.js";
import { serviceDefinition } from "./grpc-service.js";
import { DEBUG_SERVICE } from "./places.js";

/** A call in which each request is answered before the next. */
export interface Asking<Request, Response> {
  readonly ask: (request: Request) => Promise<Response>;
  /** Nothing more is asked. */
  readonly end: () => void;
}

/** Where a control plane is, and how it is called. */
export type DebugAddress =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "plaintext"; readonly host: string; readonly port: number }
  | {
      readonly kind: "tls";
      readonly host: string;
      readonly port: number;
      /** Has `cert-chain.pem`, `key.pem` and `root-cert.pem`, as Istio's agents write them. */
      readonly certificates: string;
      /** The name that must be in the control plane's certificate; the host when absent. */
      readonly authority?: string;
    };

/** The methods of the debug API; each rejects with a DebugCallError. */
export interface DebugClient {
  getControlPlane(): Promise<ControlPlaneJson>;
  listProxies(request: ListProxiesRequestJson): Promise<ListProxiesResponseJson>;
  getConfigDump(request: GetConfigDumpRequestJson): Promise<GetConfigDumpResponseJson>;
  listTlsPolicies(request: ListTlsPoliciesRequestJson): Promise<ListTlsPoliciesResponseJson>;
  describe(request: DescribeRequestJson): Promise<DescribeResponseJson>;
  listSources(request: ListSourcesRequestJson): Promise<ListSourcesResponseJson>;
  why(request: WhyRequestJson): Promise<WhyResponseJson>;
  explain(request: ExplainRequestJson): Promise<ExplainResponseJson>;
  listResources(request: ListResourcesRequestJson): Promise<ListResourcesResponseJson>;
  getConfiguration(): Promise<ConfigurationJson>;
  getConvergence(request: GetConvergenceRequestJson): Promise<ConvergenceJson>;
  listEvents(request: ListEventsRequestJson): Promise<ListEventsResponseJson>;
  listPushes(request: ListPushesRequestJson): Promise<ListPushesResponseJson>;
  analyze(request: AnalyzeRequestJson): Promise<DiagnosticsJson>;
  /** What is wrong with the configuration now. */
  getDiagnostics(): Promise<DiagnosticsJson>;
  plan(): Asking<PlanRequestJson, PlanResponseJson>;
  close(): void;
}

/** A call that was not answered. */
export class DebugCallError extends Error {
  /** gRPC's word, such as `NOT_FOUND`; `UNAVAILABLE` when nobody listens. */
  readonly statusName: string;
  constructor(address: DebugAddress, { code, details }: ServiceError) {
    super(`${formatDebugAddress(address)}: ${details}`);
    this.name = "DebugCallError";
    this.statusName = status[code];
  }
}

const DEADLINE_MS = 30_000;
/** For a call with much to send and to compute. */
const LONG_DEADLINE_MS = 180_000;
/** A dump of a large mesh is more than gRPC's 4 MiB. */
const MAX_MESSAGE_BYTES = 512 * 2 ** 20;

/** An address as people read it. */
export function formatDebugAddress(address: DebugAddress): string {
  if (address.kind === "socket") return address.path;
  const { host, port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

async function tlsCredentials(directory: string): Promise<ChannelCredentials> {
  const [root, key, chain] = await Promise.all(
    ["root-cert.pem", "key.pem", "cert-chain.pem"].map((name) => readFile(join(directory, name))),
  );
  return credentials.createSsl(root, key, chain);
}

/** One call. */
interface Call<Response> {
  readonly address: DebugAddress;
  readonly method: MethodDefinition<object, Response>;
  readonly request: object;
}

/** The response of a call that has one. */
function answerOf<Response>(
  client: Client,
  { address, method, request }: Call<Response>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      { deadline: Date.now() + DEADLINE_MS },
      (error, response) => {
        if (response !== undefined) resolve(response);
        else if (error !== null) reject(new DebugCallError(address, error));
      },
    );
  });
}

/** A call with many requests. */
function askingOf<Request extends object, Response extends object>(
  client: Client,
  { address, method }: Pick<Call<Response>, "address" | "method">,
): Asking<Request, Response> {
  const stream = client.makeBidiStreamRequest<object, Response>(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    { deadline: Date.now() + LONG_DEADLINE_MS },
  );
  let failure: ServiceError | undefined;
  stream.on("error", (error: ServiceError) => {
    failure = error;
  });
  return {
    ask: async (request) => {
      try {
        if (failure !== undefined) throw failure;
        const answered = once(stream, "data") as Promise<[Response]>;
        stream.write(request);
        const [response] = await answered;
        return response;
      } catch (error) {
        throw new DebugCallError(address, error as ServiceError);
      }
    },
    end: () => {
      stream.end();
    },
  };
}

/** The first response of a call that has many; the others are not waited for. */
function firstOf<Response>(
  client: Client,
  { address, method, request }: Call<Response>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const stream = client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      { deadline: Date.now() + DEADLINE_MS },
    );
    stream.once("data", (response: Response) => {
      resolve(response);
      stream.cancel();
    });
    stream.on("error", (error: ServiceError) => {
      reject(new DebugCallError(address, error));
    });
  });
}

/**
 * A client of the control plane at an address; nothing is sent yet. `api` is the serialized FileDescriptorSet of
 * fairlead's own API.
 * @throws Error when the certificates cannot be read
 */
export async function openDebugClient(
  address: DebugAddress,
  api: Uint8Array,
): Promise<DebugClient> {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, api));
  const methods = serviceDefinition(registry, DEBUG_SERVICE);
  const channel =
    address.kind === "tls"
      ? await tlsCredentials(address.certificates)
      : credentials.createInsecure();
  const authority = address.kind === "tls" ? address.authority : undefined;
  const target = address.kind === "socket" ? `unix:${address.path}` : formatDebugAddress(address);
  const client = new Client(target, channel, {
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    // The control plane is called as such, whatever proxy the environment names for other calls.
    "grpc.enable_http_proxy": 0,
    ...(authority === undefined
      ? {}
      : { "grpc.ssl_target_name_override": authority, "grpc.default_authority": authority }),
  });
  const methodOf = <Response>(name: string): MethodDefinition<object, Response> =>
    methods[name] as MethodDefinition<object, Response>;
  const call = <Response>(name: string, request: object): Promise<Response> =>
    answerOf(client, { address, method: methodOf(name), request });
  return {
    getControlPlane: () => call("GetControlPlane", {}),
    listProxies: (request) => call("ListProxies", request),
    getConfigDump: (request) => call("GetConfigDump", request),
    listTlsPolicies: (request) => call("ListTlsPolicies", request),
    describe: (request) => call("Describe", request),
    listSources: (request) => call("ListSources", request),
    why: (request) => call("Why", request),
    explain: (request) => call("Explain", request),
    listResources: (request) => call("ListResources", request),
    getConfiguration: () => call("GetConfiguration", {}),
    getConvergence: (request) => call("GetConvergence", request),
    listEvents: (request) => call("ListEvents", request),
    listPushes: (request) => call("ListPushes", request),
    analyze: (request) => call("Analyze", request),
    getDiagnostics: () =>
      firstOf(client, { address, method: methodOf("WatchDiagnostics"), request: {} }),
    plan: () => askingOf(client, { address, method: methodOf("Plan") }),
    close: () => {
      client.close();
    },
  };
}
