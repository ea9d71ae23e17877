/** One call, as the server sees it: messages of bytes both ways. See gRPC over HTTP/2, "Requests" and "Responses". */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { CallRefused } from "./call-refused.js";
import { type Caller, callerOf } from "./caller.js";
import type { Connection } from "./connection.js";
import type { FrameMemory } from "./frame-memory.js";
import { createFrameReader, type FrameReader } from "./framing.js";
import { inOnePiece, type Message } from "./message.js";
import { type Status, trailersOf } from "./status.js";
import { status } from "./status-code.js";
import { timeoutMs } from "./timeout.js";

/** Who is told what the other side does. */
export interface CallListener {
  /** A message came. Its bytes are good until this returns. */
  onMessage(bytes: Buffer): void;
  /** No more will come. */
  onHalfClosed(): void;
  /** The call is over, by whomever. Told once, and nothing after it. */
  onClosed(): void;
}

/** What one call may cost. */
export interface CallLimits {
  /** Of a message that is received, in bytes. */
  readonly maxMessageBytes: number;
  /** For how long a peer may leave unread how its call ended, and what it was sent before, in milliseconds. */
  readonly closeMs: number;
}

/** What a method is called with. */
export interface ServerCall {
  readonly caller: Caller;
  /** It is over, or its end is on its way. */
  readonly hasEnded: boolean;
  /** Has the listener told from now on. Called once. */
  start(listener: CallListener): void;
  /** Has it told of no more messages until `resume`. */
  pause(): void;
  resume(): void;
  /**
   * Sends a message; `onWritten` is called when the connection has taken it, and not if the call ends before. The parts must
   * stay as they are until then. False if the other side reads slower than it is sent to.
   */
  write(message: Message, onWritten?: () => void): boolean;
  /** Ends the call; does nothing if it has ended. */
  end(status: Status): void;
}

/** A message up to this length, in bytes, is written in one piece: to hand over its parts costs more than to copy them. */
const SMALL_BYTES = 4096;

/** A piece of a message that is shorter, in bytes, and completes nothing is a crumb; see connection.ts. */
const CRUMB_BYTES = 256;

const RESPONSE_HEADERS = {
  ":status": 200,
  "content-type": "application/grpc+proto",
  "grpc-accept-encoding": "identity",
};

const NOBODY: CallListener = {
  onMessage: () => undefined,
  onHalfClosed: () => undefined,
  onClosed: () => undefined,
};

/** What a call shares with others. */
export interface CallHost {
  /** Of the server. */
  readonly memory: FrameMemory;
  readonly connection: Pick<Connection, "takeCrumb">;
  /** Of the client, in DER; undefined for one that is nobody. */
  readonly certificate: Buffer | undefined;
}

/** A call over a stream of HTTP/2. */
export class StreamCall implements ServerCall {
  readonly caller: Caller;
  readonly #stream: ServerHttp2Stream;
  readonly #limits: CallLimits;
  readonly #connection: Pick<Connection, "takeCrumb">;
  readonly #frames: FrameReader;
  /** Of the caller's patience, and, once the call has ended, of ours. */
  #timer: NodeJS.Timeout | undefined;
  #listener: CallListener = NOBODY;
  /** Messages that came and were not told yet. */
  readonly #waiting: Buffer[] = [];
  #isPaused = true;
  #isHalfClosed = false;
  #trailers: Record<string, string> | undefined;

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    limits: CallLimits,
    { memory, connection, certificate }: CallHost,
  ) {
    this.caller = callerOf(stream, headers, certificate);
    this.#stream = stream;
    this.#limits = limits;
    this.#connection = connection;
    this.#frames = createFrameReader(limits.maxMessageBytes, memory, (reason) => {
      this.#refuse(reason);
    });
    this.#timer = this.#endAfter(headers);
    stream.once("close", () => {
      clearTimeout(this.#timer);
      this.#frames.discard();
      this.#listener.onClosed();
      this.#listener = NOBODY;
    });
  }

  get hasEnded(): boolean {
    return this.#trailers !== undefined || this.#stream.destroyed || this.#stream.closed;
  }

  start(listener: CallListener): void {
    this.#listener = listener;
    const stream = this.#stream;
    stream.on("data", (chunk: Buffer) => {
      this.#receive(chunk);
    });
    stream.once("end", () => {
      this.#isHalfClosed = true;
      this.#tell();
    });
    this.#isPaused = false;
  }

  pause(): void {
    this.#isPaused = true;
    if (!this.hasEnded) this.#stream.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#tell()) this.#stream.resume();
  }

  write(message: Message, onWritten?: () => void): boolean {
    if (this.hasEnded) return false;
    const stream = this.#stream;
    this.#respond();
    const written = (error?: Error | null): void => {
      if (error === undefined || error === null) onWritten?.();
    };
    const { parts } = message.length <= SMALL_BYTES ? inOnePiece(message) : message;
    const [only] = parts;
    if (parts.length === 1) return stream.write(only, written);
    stream.cork();
    let isRoom = true;
    parts.forEach((part, index) => {
      isRoom = index === parts.length - 1 ? stream.write(part, written) : stream.write(part);
    });
    stream.uncork();
    return isRoom;
  }

  end(status: Status): void {
    if (this.hasEnded) return;
    clearTimeout(this.#timer);
    const stream = this.#stream;
    const trailers = trailersOf(status);
    this.#trailers = trailers;
    this.#waiting.length = 0;
    this.#frames.discard();
    if (stream.headersSent) stream.end();
    else stream.respond({ ...RESPONSE_HEADERS, ...trailers }, { endStream: true });
    // What still comes is read, and forgotten: the other side could not send the end of its part else.
    stream.resume();
    this.#timer = setTimeout(() => {
      stream.close(constants.NGHTTP2_CANCEL);
    }, this.#limits.closeMs);
  }

  #respond(): void {
    const stream = this.#stream;
    if (stream.headersSent) return;
    stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
    stream.once("wantTrailers", () => {
      stream.sendTrailers(this.#trailers ?? {});
    });
  }

  #receive(chunk: Buffer): void {
    const hasCompleted = !this.hasEnded && this.#read(chunk);
    if (!hasCompleted && chunk.length < CRUMB_BYTES) this.#connection.takeCrumb();
  }

  /** Whether any message is whole with this chunk. */
  #read(chunk: Buffer): boolean {
    try {
      return this.#frames.read(chunk, this.#take);
    } catch (error) {
      if (!(error instanceof CallRefused)) throw error;
      this.#refuse(error);
      return true;
    }
  }

  #refuse({ code, message }: CallRefused): void {
    this.end({ code, details: message });
  }

  readonly #take = (message: Buffer): void => {
    if (this.hasEnded) return;
    if (this.#isPaused) this.#waiting.push(Buffer.from(message));
    else this.#listener.onMessage(message);
  };

  /** Tells what waits; false if the listener has enough before all is told. */
  #tell(): boolean {
    while (!this.#isPaused) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      this.#listener.onMessage(message);
    }
    if (this.#isPaused) return false;
    if (this.#isHalfClosed) {
      this.#isHalfClosed = false;
      this.#listener.onHalfClosed();
    }
    return true;
  }

  /** Ends the call when its caller waits no more. */
  #endAfter(headers: IncomingHttpHeaders): NodeJS.Timeout | undefined {
    const ms = timeoutMs(headers["grpc-timeout"]);
    if (ms === undefined) return undefined;
    return setTimeout(() => {
      this.end({ code: status.DEADLINE_EXCEEDED, details: "the caller's time is up" });
    }, ms);
  }
}
