/** How calls of the debug endpoints are let in and answered. */
import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { type CheckAccess, type Entrance, peerOf } from "./access.js";

/** A call that cannot be answered; the message is for the caller. */
export class CallRefused extends Error {
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.name = "CallRefused";
    this.code = code;
  }
}

/** Who is let in, and who is told of faults of ours. */
export interface CallGuard {
  readonly entrance: Entrance;
  readonly checkAccess: CheckAccess;
  readonly onError: (error: unknown) => void;
}

/** Answers one request; may throw CallRefused. */
export type Answer<Request, Response> = (request: Request) => Response | Promise<Response>;

async function letIn(call: Parameters<typeof peerOf>[0], guard: CallGuard): Promise<void> {
  const access = await guard.checkAccess(guard.entrance, peerOf(call));
  if (access.kind === "denied") throw new CallRefused(access.code, access.message);
}

/** What a caller is told of an error; of a fault of ours nothing but that there was one. */
function statusOf(error: unknown, guard: CallGuard): Pick<StatusObject, "code" | "details"> {
  if (error instanceof CallRefused) return { code: error.code, details: error.message };
  guard.onError(error);
  return { code: status.INTERNAL, details: "internal error" };
}

/** A method with one request and one response. */
export function unary<Request, Response>(
  answer: Answer<Request, Response>,
  guard: CallGuard,
): handleUnaryCall<Request, Response> {
  const run = async (
    call: ServerUnaryCall<Request, Response>,
    respond: sendUnaryData<Response>,
  ): Promise<void> => {
    try {
      await letIn(call, guard);
      respond(null, await answer(call.request));
    } catch (error) {
      respond(statusOf(error, guard));
    }
  };
  return (call, respond) => {
    void run(call, respond);
  };
}

/** A method with a stream of requests, each of which is answered once, in order. */
export function eachRequest<Request, Response>(
  answer: Answer<Request, Response>,
  guard: CallGuard,
): handleBidiStreamingCall<Request, Response> {
  const run = async (call: ServerDuplexStream<Request, Response>): Promise<void> => {
    try {
      await letIn(call, guard);
      for await (const request of call) call.write(await answer(request as Request));
      call.end();
    } catch (error) {
      call.emit("error", statusOf(error, guard));
    }
  };
  return (call) => {
    void run(call);
  };
}

/** A method that tells what is now, and again when it has changed, until the caller has enough. */
export function watching<Request, Response>(
  current: () => Response,
  onChange: (listener: () => void) => () => void,
  guard: CallGuard,
): handleServerStreamingCall<Request, Response> {
  const run = async (call: ServerWritableStream<Request, Response>): Promise<void> => {
    try {
      await letIn(call, guard);
      if (call.cancelled) return;
      // A caller that does not read is told the latest once it does, not each.
      let isFull = false;
      const tell = (): void => {
        if (!isFull) isFull = !call.write(current());
      };
      const stop = onChange(tell);
      call.on("drain", () => {
        isFull = false;
        tell();
      });
      call.once("close", stop);
      call.once("cancelled", stop);
      tell();
    } catch (error) {
      call.emit("error", statusOf(error, guard));
    }
  };
  return (call) => {
    void run(call);
  };
}
