/** How calls of the debug endpoints are let in and answered. */

import type { InTurn } from "../base/steps/in-turn.js";
import { CallRefused } from "../grpc/call-refused.js";
import type { Caller } from "../grpc/caller.js";
import type { HostedCall } from "../grpc/hosted-call.js";
import type {
  AnsweredStream,
  HandleResponses,
  HandleStreams,
  HandleUnary,
  Respond,
  UnaryCall,
} from "../grpc/hosted-service.js";
import type { Status } from "../grpc/status.js";
import { status } from "../grpc/status-code.js";
import type { CheckAccess, Entrance } from "./access.js";

/** Who is let in, and who is told of faults of ours. */
export interface CallGuard {
  readonly entrance: Entrance;
  readonly checkAccess: CheckAccess;
  readonly onError: (error: unknown) => void;
}

/** Answers one request; may throw CallRefused. */
export type Answer<Request, Response> = (request: Request) => Response | Promise<Response>;

async function letIn({ caller }: { readonly caller: Caller }, guard: CallGuard): Promise<void> {
  const access = await guard.checkAccess(guard.entrance, caller);
  if (access.kind === "denied") throw new CallRefused(access.code, access.message);
}

/** What a caller is told of an error; of a fault of ours nothing but that there was one. */
function statusOf(error: unknown, guard: CallGuard): Status {
  if (error instanceof CallRefused) return { code: error.code, details: error.message };
  guard.onError(error);
  return { code: status.INTERNAL, details: "internal error" };
}

const atOnce: InTurn = async (work) => work();

/** A method with one request and one response. What is answered without waiting for anything is also encoded in its turn. */
export function unary<Request, Response>(
  answer: Answer<Request, Response>,
  guard: CallGuard,
  inTurn: InTurn = atOnce,
): HandleUnary<Request, Response> {
  const run = async (call: UnaryCall<Request>, respond: Respond<Response>): Promise<void> => {
    try {
      await letIn(call, guard);
      await inTurn(() => {
        const answered = answer(call.request);
        if (answered instanceof Promise) {
          return answered.then((it) => {
            respond(null, it);
          });
        }
        respond(null, answered);
        return undefined;
      });
    } catch (error) {
      respond(statusOf(error, guard));
    }
  };
  return (call, respond) => {
    void run(call, respond);
  };
}

/** One call of a method with a stream of requests: what is said before counts for what is answered. */
export interface Conversation<Request, Response> {
  readonly answer: Answer<Request, Response>;
  /** The caller has heard enough, or is gone; also while something is being answered. */
  readonly close: () => void;
}

/** A method with a stream of requests, each of which is answered once, in order. */
export function conversing<Request, Response>(
  open: () => Conversation<Request, Response>,
  guard: CallGuard,
): HandleStreams<Request, Response> {
  const run = async (call: HostedCall<Request, Response>): Promise<void> => {
    const { answer, close } = open();
    call.once("cancelled", close);
    try {
      await letIn(call, guard);
      for await (const request of call) call.write(await answer(request as Request));
      call.end();
    } catch (error) {
      call.emit("error", statusOf(error, guard));
    } finally {
      close();
    }
  };
  return (call) => {
    void run(call);
  };
}

/** As `conversing`, where no request counts for the answer to another. */
export function eachRequest<Request, Response>(
  answer: Answer<Request, Response>,
  guard: CallGuard,
): HandleStreams<Request, Response> {
  return conversing(() => ({ answer, close: () => undefined }), guard);
}

/** A method that tells what is now, and again when it has changed, until the caller has enough. */
export function watching<Request, Response>(
  current: () => Response,
  onChange: (listener: () => void) => () => void,
  guard: CallGuard,
): HandleResponses<Request, Response> {
  const run = async (call: AnsweredStream<Request, Response>): Promise<void> => {
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
