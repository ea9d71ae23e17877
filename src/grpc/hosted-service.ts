/** Services whose handlers are of grpc-js's kind: those of its packages, and all of ours that need not be fast. */
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import type { Caller } from "./caller.js";
import { HostedCall } from "./hosted-call.js";
import type { GrpcServer, Method } from "./server.js";
import type { Status } from "./status.js";
import { status } from "./status-code.js";

/** A call with one request and one response. */
export interface UnaryCall<Request> {
  readonly request: Request;
  readonly caller: Caller;
}

/** Answers it: with a status that is an error, or with a response. */
export type Respond<Response> = (error: Status | null, response?: Response) => void;

/** A method with one request and one response. */
export type HandleUnary<Request, Response> = (
  call: UnaryCall<Request>,
  respond: Respond<Response>,
) => void;

/** A call with one request and a stream of responses. */
export type AnsweredStream<Request, Response> = HostedCall<Request, Response> & UnaryCall<Request>;

/** A method with one request and a stream of responses. */
export type HandleResponses<Request, Response> = (call: AnsweredStream<Request, Response>) => void;

/** A method with streams both ways. */
export type HandleStreams<Request, Response> = (call: HostedCall<Request, Response>) => void;

/** A handler of any kind. The messages are known to its method's definition and to it alone. */
type Handler = (call: HostedCall<unknown, unknown>, respond?: Respond<unknown>) => void;

/** From the start of a call to its first request, in milliseconds. */
const FIRST_REQUEST_MS = 10_000;

/**
 * Adds the methods of a definition for which there are handlers, by their names or, as in the packages of grpc-js, by those
 * that begin with a small letter. Streams of requests that are answered once are not hosted: no service has any.
 */
export function addService(
  server: Pick<GrpcServer, "addMethod">,
  definition: ServiceDefinition,
  handlers: Readonly<Record<string, unknown>>,
  firstRequestMs = FIRST_REQUEST_MS,
): void {
  for (const [name, method] of Object.entries(definition)) {
    const handler = handlers[name] ?? handlers[method.originalName ?? ""];
    if (typeof handler === "function")
      server.addMethod(method.path, hosted(method, handler as Handler, firstRequestMs));
  }
}

function hosted(
  method: MethodDefinition<unknown, unknown>,
  handler: Handler,
  firstRequestMs: number,
): Method {
  const handle = method.requestStream ? handler : onceAsked(answering(method, handler));
  return (call) => {
    const stream = new HostedCall(call, method, firstRequestMs);
    handle(stream);
    call.start(stream);
  };
}

/** The handler of a method with one response, as one with a stream of them. */
function answering(
  { responseStream }: MethodDefinition<unknown, unknown>,
  handler: Handler,
): Handler {
  if (responseStream) return handler;
  return (stream) => {
    const respond: Respond<unknown> = (error, response) => {
      if (error === null) stream.end(response);
      else stream.emit("error", error);
    };
    handler(stream, respond);
  };
}

/** The handler of a method with one request, as one with a stream of them; what comes after the first is not looked at. */
function onceAsked(handler: Handler): Handler {
  return (stream) => {
    let isAsked = false;
    stream.on("data", (request: unknown) => {
      if (isAsked) return;
      isAsked = true;
      handler(Object.assign(stream, { request }));
    });
    stream.once("end", () => {
      if (isAsked) return;
      stream.emit("error", { code: status.INVALID_ARGUMENT, details: "the call has no request" });
    });
  };
}
