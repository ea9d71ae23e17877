/**
 * A client of gRPC over HTTP/2 for commands. A command asks little and ends; loading the client of grpc-js would take a quarter of
 * its time (see docs/decisions/0013-own-grpc-server.md).
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type SecureClientSessionOptions,
} from "node:http2";
import { connect as connectSocket, isIP } from "node:net";
import { checkServerIdentity, type SecureContextOptions } from "node:tls";
import { errorMessage } from "../base/error-message.js";
import { formatHostPort } from "../base/text/host-port.js";
import { CallRefused } from "./call-refused.js";
import { FrameMemory } from "./frame-memory.js";
import { createFrameReader, frameHead } from "./framing.js";
import { type KeepAlive, keepAlive } from "./keep-alive.js";
import { statusOf } from "./status.js";
import { type StatusCode, status } from "./status-code.js";

/** Where a server is. */
export type ServerAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly tls?: ClientTls };

/** How a client shows itself, if it does, and whom it trusts. */
export interface ClientTls
  extends Required<Pick<SecureContextOptions, "ca">>,
    Pick<SecureContextOptions, "cert" | "key"> {
  /** The name or IP address that has to be in the server's certificate; the host when absent. */
  readonly authority?: string;
}

/** What a call may take, and what it is made with. */
export interface CallTerms {
  /** From its start to its end, in milliseconds; without an end when absent. */
  readonly deadlineMs?: number;
  /** The value of the header; none when absent. */
  readonly authorization?: string;
}

/** Who is told what the server says. */
export interface AnswerListener {
  /** A message came. Its bytes are good until this returns. */
  readonly onMessage: (bytes: Buffer) => void;
  /** The call is over. Told once, and nothing after it; undefined if it went well. */
  readonly onEnd: (refusal: CallRefused | undefined) => void;
}

/** A call that was begun. */
export interface ClientCall {
  readonly write: (message: Buffer) => void;
  /** No more is said. */
  readonly halfClose: () => void;
  /** Nothing more is of interest. */
  readonly cancel: () => void;
}

/** A window of HTTP/2: how much a server may send that was not read yet, in bytes. The usual 64 KiB make large answers wait. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** See the top of this file. */
export class GrpcClient {
  readonly #session: ClientHttp2Session;
  readonly #maxMessageBytes: number;
  #failure: unknown;

  /** Connects; that this fails is told to calls. `maxMessageBytes` is of an answer. */
  constructor(address: ServerAddress, maxMessageBytes: number, alive?: KeepAlive) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#session = sessionTo(address);
    this.#session.once("connect", () => {
      if (!this.#session.destroyed) this.#session.setLocalWindowSize(WINDOW_BYTES);
    });
    this.#session.on("error", (error) => {
      this.#failure = error;
    });
    if (alive === undefined) return;
    keepAlive(this.#session, alive, {
      onSilent: () => {
        const reason = `no sign of life within ${alive.timeoutMs / 1000} s`;
        this.#session.destroy(new Error(reason));
      },
    });
  }

  /** Begins a call of a method. */
  begin(path: string, terms: CallTerms, listener: AnswerListener): ClientCall {
    const { deadlineMs } = terms;
    const stream = this.#request(path, terms);
    if (stream === undefined) {
      queueMicrotask(() => {
        listener.onEnd(this.#unavailable(undefined));
      });
      return { write: nothing, halfClose: nothing, cancel: nothing };
    }
    this.#follow(stream, deadlineMs, listener);
    return {
      write: (message) => {
        stream.write(Buffer.concat([frameHead(message.length), message]));
      },
      halfClose: () => {
        stream.end();
      },
      cancel: () => {
        stream.close(constants.NGHTTP2_CANCEL);
      },
    };
  }

  /** Ends all of it at once. */
  close(): void {
    this.#session.destroy();
  }

  #request(path: string, { deadlineMs, authorization }: CallTerms): ClientHttp2Stream | undefined {
    if (this.#session.destroyed || this.#session.closed) return undefined;
    return this.#session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...(deadlineMs === undefined ? {} : { "grpc-timeout": `${deadlineMs}m` }),
      "grpc-accept-encoding": "identity",
      ...(authorization === undefined ? {} : { authorization }),
    });
  }

  #follow(
    stream: ClientHttp2Stream,
    deadlineMs: number | undefined,
    listener: AnswerListener,
  ): void {
    let refusal: CallRefused | undefined;
    let told: IncomingHttpHeaders | undefined;
    const fail = (code: StatusCode, details: string): void => {
      refusal ??= new CallRefused(code, details);
      stream.close(constants.NGHTTP2_CANCEL);
    };
    const timer =
      deadlineMs === undefined
        ? undefined
        : setTimeout(() => {
            fail(status.DEADLINE_EXCEEDED, `no answer within ${deadlineMs / 1000} s`);
          }, deadlineMs);
    // One answer at a time: what is read of it whole is read of it in part.
    const frames = createFrameReader(this.#maxMessageBytes, new FrameMemory(Infinity), (reason) => {
      fail(reason.code, reason.message);
    });
    stream.on("response", (headers) => {
      if ("grpc-status" in headers) told = headers;
      else if (headers[":status"] !== 200) {
        fail(status.UNAVAILABLE, `it answers with status ${String(headers[":status"])} of HTTP`);
      }
    });
    stream.on("trailers", (trailers: IncomingHttpHeaders) => {
      told = trailers;
    });
    stream.on("data", (chunk: Buffer) => {
      if (refusal !== undefined) return;
      try {
        frames.read(chunk, listener.onMessage);
      } catch (error) {
        if (!(error instanceof CallRefused)) throw error;
        fail(error.code, error.message);
      }
    });
    let failure: unknown;
    stream.on("error", (error: Error) => {
      failure = error;
    });
    stream.once("close", () => {
      clearTimeout(timer);
      const answered = told === undefined ? this.#unavailable(failure) : statusOf(told);
      listener.onEnd(refusal ?? answered);
    });
  }

  #unavailable(failure: unknown): CallRefused {
    const cause = this.#failure ?? causeOf(failure);
    const why = cause === undefined ? "the connection was closed" : reasonOf(cause);
    return new CallRefused(status.UNAVAILABLE, why, { cause });
  }
}

/** Of a stream that came to nothing with its connection: why the connection did. */
function causeOf(failure: unknown): unknown {
  return failure instanceof Error ? (failure.cause ?? failure) : failure;
}

function reasonOf(cause: unknown): string {
  const isProtocol = cause instanceof Error && "code" in cause && cause.code === "ERR_HTTP2_ERROR";
  return isProtocol ? `it does not speak HTTP/2 (${cause.message})` : errorMessage(cause);
}

const nothing = (): void => undefined;

function sessionTo(address: ServerAddress): ClientHttp2Session {
  const settings = { initialWindowSize: WINDOW_BYTES };
  if ("path" in address) {
    const { path } = address;
    return connect("http://localhost", { settings, createConnection: () => connectSocket(path) });
  }
  const { host, tls } = address;
  const authority = formatHostPort(address);
  if (tls === undefined) return connect(`http://${authority}`, { settings });
  const { authority: name = host, ...context } = tls;
  return connect(`https://${authority}`, { settings, ...context, ...serverName(name) });
}

/** A server that has an address for a name is not asked for it: SNI has no IP addresses. RFC 6066, section 3. */
function serverName(
  name: string,
): Pick<SecureClientSessionOptions, "servername" | "checkServerIdentity"> {
  if (isIP(name) === 0) return { servername: name };
  return {
    servername: "",
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  };
}
