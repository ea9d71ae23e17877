/**
 * A server of gRPC over HTTP/2: methods by path, calls of bytes. Why it is ours, see docs/decisions/0013-own-grpc-server.md.
 */
import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import type { Socket } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { FrameMemory } from "./framing.js";
import { type CallLimits, type ServerCall, StreamCall } from "./server-call.js";
import { status } from "./status-code.js";

/** What one peer may cost. */
export interface ServerLimits extends CallLimits {
  /** Of calls at the same time, of a connection. */
  readonly maxStreams: number;
  /** A connection is asked so often whether it is there, and ended if there is no answer in time, in milliseconds. */
  readonly pingEveryMs: number;
  readonly pingTimeoutMs: number;
  /** From a connection's start to the end of TLS's handshake, in milliseconds. */
  readonly handshakeMs: number;
}

/** What a server shows and whom it trusts, which may change while it serves. */
export interface TlsSource {
  /** `ca` are the roots of clients: one that shows no certificate, or another, is served, but is nobody. */
  readonly context: () => Pick<SecureContextOptions, "cert" | "key" | "ca">;
  /** Has the listener called when it is another; the result ends that. */
  readonly onChange: (listener: () => void) => () => void;
}

/** Serves a call. */
export type Method = (call: ServerCall) => void;

/** Where a server listens: a port (0 for any that is free) of an address, or a Unix socket. */
export type ListenOn = { readonly host: string; readonly port: number } | { readonly path: string };

/** Megabytes that Node lets one connection take before it refuses its new streams; a new proxy's responses are several. */
const MAX_SESSION_MEGABYTES = 256;

/** See the top of this file. */
export class GrpcServer {
  readonly #limits: ServerLimits;
  readonly #server: Http2Server | Http2SecureServer;
  readonly #methods = new Map<string, Method>();
  /** Also of those whose TLS is not there yet. */
  readonly #sockets = new Set<Socket>();
  readonly #memory = new FrameMemory();
  #stopFollowing: () => void = () => undefined;

  /** Without TLS when there is no source of it. */
  constructor(limits: ServerLimits, tls?: TlsSource) {
    this.#limits = limits;
    this.#server = this.#create(tls);
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("session", (session: ServerHttp2Session) => {
      this.#watch(session);
    });
    this.#server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      this.#serve(stream, headers);
    });
  }

  /** Serves the calls of a path, `/package.Service/Method`; a later method of the same path takes the place of an earlier. */
  addMethod(path: string, method: Method): void {
    this.#methods.set(path, method);
  }

  /**
   * Begins to listen. The result is the port; 0 for a socket.
   * @throws the error of `node:net`, with its code, when it cannot
   */
  async listen(on: ListenOn): Promise<number> {
    this.#server.listen(on);
    await once(this.#server, "listening");
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Ends all connections at once, and listens no more. */
  async close(): Promise<void> {
    this.#stopFollowing();
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #create(tls: TlsSource | undefined): Http2Server | Http2SecureServer {
    const { maxStreams, handshakeMs } = this.#limits;
    const options: ServerOptions = {
      maxSessionMemory: MAX_SESSION_MEGABYTES,
      settings: { maxConcurrentStreams: maxStreams },
    };
    if (tls === undefined) return createServer(options);
    const server = createSecureServer({
      ...options,
      ...tls.context(),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: handshakeMs,
    });
    this.#stopFollowing = tls.onChange(() => {
      server.setSecureContext(tls.context());
    });
    return server;
  }

  /** Ends a connection whose other side is gone without a word. */
  #watch(session: ServerHttp2Session): void {
    const { pingEveryMs, pingTimeoutMs } = this.#limits;
    let timeout: NodeJS.Timeout | undefined;
    const timer = setInterval(() => {
      if (session.destroyed) return;
      timeout = setTimeout(() => {
        session.destroy();
      }, pingTimeoutMs);
      session.ping(() => {
        clearTimeout(timeout);
      });
    }, pingEveryMs);
    // Whatever is wrong with a connection, its calls are told that they are over.
    session.on("error", () => undefined);
    session.once("close", () => {
      clearInterval(timer);
      clearTimeout(timeout);
    });
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // A stream that breaks off is closed too, and that is told.
    stream.on("error", () => undefined);
    const { ":path": path = "", "content-type": type = "" } = headers;
    if (!type.startsWith("application/grpc")) {
      stream.respond({ ":status": 415 }, { endStream: true });
      stream.resume();
      return;
    }
    const call = new StreamCall(stream, headers, this.#limits, this.#memory);
    const method = this.#methods.get(path);
    if (method !== undefined) method(call);
    else call.end({ code: status.UNIMPLEMENTED, details: `there is no method ${path}` });
  }
}
