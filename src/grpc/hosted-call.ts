/** A call of messages that are decoded, as handlers of grpc-js's kind know it. */
import { Duplex } from "node:stream";
import type { Caller } from "./caller.js";
import { messageOf } from "./message.js";
import type { CallListener, ServerCall } from "./server-call.js";
import { OK, type Status } from "./status.js";
import { status } from "./status-code.js";

/** Both ways between messages and bytes; see `MethodDefinition` of grpc-js. */
export interface MessageCodec<Request, Response> {
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (value: Response) => Buffer;
}

/** What a caller is told of a fault of ours. */
const INTERNAL: Status = { code: status.INTERNAL, details: "internal error" };

function isStatus(error: object): error is Status {
  return "code" in error && typeof error.code === "number" && "details" in error;
}

/**
 * The stream of a call: requests are read from it, responses written to it. A handler ends it with a status of its own by
 * emitting an error with `code` and `details`. It emits `cancelled` when the caller is gone before it was answered.
 */
export class HostedCall<Request, Response> extends Duplex implements CallListener {
  readonly caller: Caller;
  cancelled = false;
  readonly #call: ServerCall;
  readonly #codec: MessageCodec<Request, Response>;
  /** Runs until the first request. */
  readonly #deadline: NodeJS.Timeout;
  #isAnswered = false;

  constructor(call: ServerCall, codec: MessageCodec<Request, Response>, firstRequestMs: number) {
    // It lives as long as its call: what iterates over the requests ends it else, before it is answered.
    super({ objectMode: true, autoDestroy: false });
    this.caller = call.caller;
    this.#call = call;
    this.#codec = codec;
    this.#deadline = setTimeout(() => {
      const details = `no request came within ${firstRequestMs / 1000} s`;
      this.#end({ code: status.DEADLINE_EXCEEDED, details });
    }, firstRequestMs);
    this.on("error", (error: object) => {
      this.#end(isStatus(error) ? error : INTERNAL);
    });
  }

  onMessage(bytes: Buffer): void {
    clearTimeout(this.#deadline);
    const request = this.#decode(bytes);
    if (request !== undefined && !this.push(request)) this.#call.pause();
  }

  onHalfClosed(): void {
    this.push(null);
  }

  onClosed(): void {
    clearTimeout(this.#deadline);
    this.cancelled = !this.#isAnswered;
    if (this.cancelled) this.emit("cancelled");
    this.destroy();
  }

  override _read(): void {
    this.#call.resume();
  }

  override _write(value: Response, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    try {
      const message = messageOf([this.#codec.responseSerialize(value)]);
      if (this.#call.hasEnded) done();
      else {
        this.#call.write(message, () => {
          done();
        });
      }
    } catch (error) {
      done(error as Error);
    }
  }

  override _final(done: () => void): void {
    this.#end(OK);
    done();
  }

  #end(status: Status): void {
    this.#isAnswered = true;
    this.#call.end(status);
  }

  /** The request of these bytes; if there is none, the call is ended. */
  #decode(bytes: Buffer): Request | undefined {
    try {
      return this.#codec.requestDeserialize(bytes);
    } catch {
      this.#end({ code: status.INTERNAL, details: "the request cannot be decoded" });
      return undefined;
    }
  }
}
