/** One port of an echo application, which speaks HTTP/1.1, HTTP/2, gRPC and plain TCP, told apart by the first bytes. */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { WebSocketServer } from "ws";
import { answerRequest } from "./echo-answer.js";
import type { FailureCounter } from "./echo-controls.js";
import type { EchoIdentity } from "./echo-identity.js";

/** One port of one echo application. */
export interface EchoListener {
  readonly address: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly identity: EchoIdentity;
  /** The certificate chain and key (PEM) with which TLS is answered; without it TLS is echoed as bytes. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** A listening echo application. */
export interface EchoServer {
  readonly address: string;
  readonly port: number;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

const MAX_WEBSOCKET_MESSAGE_BYTES = 16 * 2 ** 20;
const TLS_HANDSHAKE = 0x16;

type Protocol = "tls" | "http2" | "http1" | "bytes";

/** The protocol that a connection's first bytes begin. */
function protocolOf(firstBytes: Buffer): Protocol {
  if (firstBytes[0] === TLS_HANDSHAKE) return "tls";
  const text = firstBytes.toString("latin1", 0, 16);
  if (text.startsWith("PRI * HTTP/2")) return "http2";
  return /^[A-Z]+ /.test(text) ? "http1" : "bytes";
}

/**
 * Starts an echo application's port. It answers what it is asked in the protocol that it is asked in: HTTP/1.1,
 * WebSocket, HTTP/2 without TLS (prior knowledge), all of them in TLS when there is a certificate, and any other
 * bytes by themselves. Rejects when the port cannot be bound.
 */
export async function listenEcho(
  listener: EchoListener,
  shouldFail: FailureCounter,
): Promise<EchoServer> {
  const sockets = new Set<Duplex>();
  const handlers = connectionHandlers(listener, shouldFail);
  const accept = (socket: Socket, insideTls: boolean): void => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // A caller that goes away is no event here.
    socket.on("error", () => socket.destroy());
    socket.once("data", (firstBytes: Buffer) => {
      socket.pause();
      socket.unshift(firstBytes);
      const protocol = protocolOf(firstBytes);
      handlers[protocol === "tls" && insideTls ? "bytes" : protocol](socket);
      process.nextTick(() => socket.resume());
    });
  };
  handlers.onSecureConnection((socket) => {
    accept(socket, true);
  });
  const server = createTcpServer((socket) => {
    accept(socket, false);
  });
  await listen(server, listener);
  const { address, port } = server.address() as AddressInfo;
  const close = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) =>
      server.close(() => {
        resolve();
      }),
    );
  };
  return { address, port, close };
}

function listen(server: Server, { address, port }: EchoListener): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, backlog: 1024 }, resolve);
  });
}

type Handlers = Readonly<Record<Protocol, (socket: Socket) => void>> & {
  readonly onSecureConnection: (each: (socket: Socket) => void) => void;
};

function connectionHandlers(listener: EchoListener, shouldFail: FailureCounter): Handlers {
  const { identity, tls } = listener;
  const answer = (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): void => {
    void answerRequest(identity, request, response, shouldFail);
  };
  const http1 = createHttpServer({ keepAliveTimeout: 0 }, answer);
  const http2 = createHttp2Server(answer);
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_WEBSOCKET_MESSAGE_BYTES,
  });
  webSockets.on("connection", (webSocket) => {
    webSocket.on("error", () => {
      webSocket.terminate();
    });
    webSocket.on("message", (data: Buffer, isBinary) => {
      webSocket.send(data, { binary: isBinary });
    });
  });
  http1.on("upgrade", (request, socket, head) => {
    webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      webSockets.emit("connection", webSocket),
    );
  });
  const bytes = (socket: Socket): void => {
    socket.pipe(socket);
  };
  const secure =
    tls === undefined
      ? undefined
      : createTlsServer({ cert: tls.certificate, key: tls.key, ALPNProtocols: ["h2", "http/1.1"] });
  return {
    http1: (socket) => http1.emit("connection", socket),
    http2: (socket) => http2.emit("connection", socket),
    tls: secure === undefined ? bytes : (socket) => secure.emit("connection", socket),
    bytes,
    onSecureConnection: (each) => secure?.on("secureConnection", each),
  };
}
