/** The other side of the debug API: how a command asks a control plane that runs. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { MethodDefinition } from "@grpc/grpc-js";
import type {
  DiagnosticsJson,
  PlanRequestJson,
  PlanResponseJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { formatHostPort } from "../../base/text/host-port.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { type ClientTls, GrpcClient, type ServerAddress } from "../../grpc/client.js";
import { status, statusName } from "../../grpc/status-code.js";
import { serviceDefinition } from "../grpc-service.js";
import type { DebugMethods, NoRequest } from "./debug-methods.js";
import { DEBUG_SERVICE } from "./debug-names.js";

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

/** One of the methods with one answer: what asks for nothing in particular is called without anything. */
type Ask<M extends keyof DebugMethods> = (
  ...request: DebugMethods[M]["request"] extends NoRequest ? [] : [DebugMethods[M]["request"]]
) => Promise<DebugMethods[M]["response"]>;

/** The methods of the debug API; each rejects with a DebugCallError. */
export type DebugClient = {
  readonly [M in keyof DebugMethods as Uncapitalize<M>]: Ask<M>;
} & {
  /** What is wrong with the configuration now. */
  readonly getDiagnostics: () => Promise<DiagnosticsJson>;
  readonly plan: () => Asking<PlanRequestJson, PlanResponseJson>;
  readonly close: () => void;
};

/** A call that was not answered. */
export class DebugCallError extends Error {
  /** gRPC's word, such as `NOT_FOUND`; `UNAVAILABLE` when nobody listens. */
  readonly statusName: string;
  /** The same without who was asked. */
  readonly details: string;
  constructor(address: DebugAddress, cause: CallRefused) {
    super(`${formatDebugAddress(address)}: ${cause.message}`, { cause });
    this.name = "DebugCallError";
    this.statusName = statusName(cause.code);
    this.details = cause.message;
  }
}

const DEADLINE_MS = 30_000;
/** For a call with much to send and to compute. */
const LONG_DEADLINE_MS = 180_000;
/** A dump of a large mesh is more than gRPC's 4 MiB. */
const MAX_MESSAGE_BYTES = 512 * 2 ** 20;

/** An address as people read it. */
export function formatDebugAddress(address: DebugAddress): string {
  return address.kind === "socket" ? address.path : formatHostPort(address);
}

async function clientTls(directory: string, authority: string | undefined): Promise<ClientTls> {
  const [ca, key, cert] = await Promise.all([
    readFile(join(directory, "root-cert.pem")),
    readFile(join(directory, "key.pem")),
    readFile(join(directory, "cert-chain.pem")),
  ]);
  return { ca, key, cert, ...(authority === undefined ? {} : { authority }) };
}

async function serverAddress(address: DebugAddress): Promise<ServerAddress> {
  switch (address.kind) {
    case "socket":
      return { path: address.path };
    case "plaintext":
      return { host: address.host, port: address.port };
    case "tls": {
      const { host, port, certificates, authority } = address;
      return { host, port, tls: await clientTls(certificates, authority) };
    }
  }
}

/** One call. */
interface Call<Response> {
  readonly address: DebugAddress;
  readonly method: MethodDefinition<object, Response>;
  readonly request: object;
}

/** The first response of a call: of a method that has many, the others are not waited for. */
function answerOf<Response>(
  client: GrpcClient,
  { address, method, request }: Call<Response>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    let answer: Response | undefined;
    const call = client.begin(
      method.path,
      { deadlineMs: DEADLINE_MS },
      {
        onMessage: (bytes) => {
          answer ??= method.responseDeserialize(bytes);
          if (method.responseStream) call.cancel();
        },
        onEnd: (refusal) => {
          if (answer !== undefined && (method.responseStream || refusal === undefined)) {
            resolve(answer);
          } else reject(new DebugCallError(address, refusal ?? NO_ANSWER));
        },
      },
    );
    call.write(method.requestSerialize(request));
    call.halfClose();
  });
}

const NO_ANSWER = new CallRefused(status.INTERNAL, "it ended without an answer");

/** Who waits for the answer to a request. */
interface Waiting<Response> {
  readonly resolve: (response: Response) => void;
  readonly reject: (error: DebugCallError) => void;
}

/** A call with many requests. */
function askingOf<Request extends object, Response extends object>(
  client: GrpcClient,
  { address, method }: Pick<Call<Response>, "address" | "method">,
): Asking<Request, Response> {
  let waiting: Waiting<Response> | undefined;
  let failure: DebugCallError | undefined;
  const call = client.begin(
    method.path,
    { deadlineMs: LONG_DEADLINE_MS },
    {
      onMessage: (bytes) => {
        waiting?.resolve(method.responseDeserialize(bytes));
      },
      onEnd: (refusal = NO_ANSWER) => {
        failure = new DebugCallError(address, refusal);
        waiting?.reject(failure);
      },
    },
  );
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        waiting = { resolve, reject };
        call.write(method.requestSerialize(request));
      }),
    end: () => {
      call.halfClose();
    },
  };
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
  const client = new GrpcClient(await serverAddress(address), MAX_MESSAGE_BYTES);
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
    listNames: (request) => call("ListNames", request),
    getConvergence: (request) => call("GetConvergence", request),
    listEvents: (request) => call("ListEvents", request),
    listPushes: (request) => call("ListPushes", request),
    getDebugPath: (request) => call("GetDebugPath", request),
    listLogScopes: () => call("ListLogScopes", {}),
    setLogLevels: (request) => call("SetLogLevels", request),
    analyze: (request) => call("Analyze", request),
    getDiagnostics: () => call("WatchDiagnostics", {}),
    plan: () => askingOf(client, { address, method: methodOf("Plan") }),
    close: () => {
      client.close();
    },
  };
}
