/**
 * A server of gRPC over HTTP/2: methods by path, calls of bytes. Why it is ours, see docs/decisions/0013-own-grpc-server.md.
 */
import { constants as cryptoConstants } from "node:crypto";
import { once } from "node:events";
import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import type { Socket } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { type ClientCertificate, clientCertificate } from "./client-certificate.js";
import { Connection, type ConnectionLimits } from "./connection.js";
import { FrameMemory } from "./frame-memory.js";
import { type CallLimits, type ServerCall, StreamCall } from "./server-call.js";
import { status } from "./status-code.js";

/** What one peer may cost. */
export interface ServerLimits extends CallLimits, ConnectionLimits {
  /** Of calls at the same time, of a connection. */
  readonly maxStreams: number;
  /** Of calls at the same time, of all connections. */
  readonly maxCalls: number;
  /** Those that come when there are so many are closed at once. */
  readonly maxConnections: number;
  /** Of messages that came in part, of all calls, in bytes. */
  readonly maxPartBytes: number;
  /** From a connection's start to the end of TLS's handshake, in milliseconds. */
  readonly handshakeMs: number;
}

/** What a server shows and whom it trusts, which may change while it serves. */
export interface TlsSource {
  /** `ca` are the roots of clients: one that shows no certificate, or another, is served, but is nobody. */
  readonly context: () => Pick<SecureContextOptions, "cert" | "key" | "ca">;
  /**
   * Whether clients are still trusted whose certificates these authorities are above, in DER: the one that signed it first, the root
   * last.
   */
  readonly trusts: (authorities: readonly Buffer[]) => boolean;
  /** Has the listener called when any of this is another; the result ends that. */
  readonly onChange: (listener: () => void) => () => void;
}

/** Serves a call. */
export type Method = (call: ServerCall) => void;

/** Where a server listens: a port (0 for any that is free) of an address, or a Unix socket. */
export type ListenOn = { readonly host: string; readonly port: number } | { readonly path: string };

/** Megabytes that Node lets one connection take before it refuses its new streams; a new proxy's responses are several. */
const MAX_SESSION_MEGABYTES = 256;

/** Of a TLS session that is resumed nobody knows any more who signed the client's certificate. */
const NO_RESUMPTION = cryptoConstants.SSL_OP_NO_TICKET;

/** See the top of this file. */
export class GrpcServer {
  readonly #limits: ServerLimits;
  readonly #server: Http2Server | Http2SecureServer;
  readonly #methods = new Map<string, Method>();
  /** Also of those whose TLS is not there yet. */
  readonly #sockets = new Set<Socket>();
  readonly #connections = new WeakMap<Http2Session, Connection>();
  /** What trusted clients have shown, by their connections. */
  readonly #clients = new Map<Http2Session, ClientCertificate>();
  readonly #memory: FrameMemory;
  #calls = 0;
  #stopFollowing: () => void = () => undefined;

  /** Without TLS when there is no source of it. */
  constructor(limits: ServerLimits, tls?: TlsSource) {
    this.#limits = limits;
    this.#memory = new FrameMemory(limits.maxPartBytes);
    this.#server = this.#create(tls);
    this.#server.maxConnections = limits.maxConnections;
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("session", (session: ServerHttp2Session) => {
      this.#connections.set(session, new Connection(session, limits));
      if (tls !== undefined) this.#meet(session, tls);
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
    const context = () => ({ ...tls.context(), secureOptions: NO_RESUMPTION });
    const server = createSecureServer({
      ...options,
      ...context(),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: handshakeMs,
    });
    this.#stopFollowing = tls.onChange(() => {
      server.setSecureContext(context());
      this.#endUntrusted(tls);
    });
    return server;
  }

  /** Remembers who a client is. */
  #meet(session: ServerHttp2Session, tls: TlsSource): void {
    const client = clientCertificate(session.socket);
    if (client === undefined || !tls.trusts(client.authorities)) return;
    this.#clients.set(session, client);
    session.once("close", () => this.#clients.delete(session));
  }

  /** What a certificate leads to was looked at when its connection was made, which may be long ago. */
  #endUntrusted({ trusts }: TlsSource): void {
    for (const [session, { authorities }] of this.#clients) {
      if (!trusts(authorities)) session.destroy();
    }
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // A stream that breaks off is closed too, and that is told.
    stream.on("error", () => undefined);
    const { ":path": path = "", "content-type": type = "" } = headers;
    if (!type.startsWith("application/grpc")) {
      stream.respond({ ":status": 415 }, { endStream: true });
      stream.resume();
      // Its client may never end it, and it would keep the connection.
      stream.close(constants.NGHTTP2_NO_ERROR);
      return;
    }
    const { session } = stream;
    const connection = session === undefined ? undefined : this.#connections.get(session);
    // The connection is gone already.
    if (session === undefined || connection === undefined) return;
    const certificate = this.#clients.get(session)?.certificate;
    const host = { memory: this.#memory, connection, certificate };
    const call = new StreamCall(stream, headers, this.#limits, host);
    connection.enter();
    this.#calls += 1;
    stream.once("close", () => {
      connection.leave();
      this.#calls -= 1;
    });
    if (this.#calls > this.#limits.maxCalls) {
      call.end({ code: status.RESOURCE_EXHAUSTED, details: "too many calls" });
      return;
    }
    const method = this.#methods.get(path);
    if (method !== undefined) method(call);
    else call.end({ code: status.UNIMPLEMENTED, details: `there is no method ${path}` });
  }
}
