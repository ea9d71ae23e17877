/** Requests as an application, or somebody outside of the mesh, makes them. */
import { once } from "node:events";
import {
  Agent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";
import { connect, type Socket } from "node:net";
import { type DetailedPeerCertificate, TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import type { IssuedCertificate } from "../../../src/ca/authority/authority.js";
import type { DevelopmentCertificate } from "../../../src/up/made/development-certificates.js";
import type { PlacedPod } from "../../../src/up/pods/pod-plan.js";

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The certificate that the server showed, over TLS. */
  readonly certificate: DetailedPeerCertificate | undefined;
}

/** What is asked, beside the URL. */
export interface Question {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  /** The path as it goes onto the wire, where that of the URL would be normalised. */
  readonly path?: string;
  /** The address from which it comes; one that the system chooses when absent. */
  readonly localAddress?: string;
  /** PEM of the roots that the server must come from. */
  readonly ca?: string;
  /** What the client shows over TLS; nothing when absent. */
  readonly client?: Pick<DevelopmentCertificate, "certificate" | "key">;
  /** The newest version of TLS that the client speaks; 1.3 when absent. */
  readonly maxVersion?: "TLSv1.2";
  /** What the connection begins with, before the request: of those without TLS, straight to an address. */
  readonly preamble?: string;
  readonly timeoutMs?: number;
  /** Whose connections it may use; a connection of its own when absent. */
  readonly agent?: Agent;
}

/** What an echo application answers. */
export interface Echo {
  readonly pod: string;
  readonly namespace: string;
  readonly version?: string;
  readonly peer: string | null;
  readonly path: string;
  readonly method: string;
  /** The Host header, or what HTTP/2 has in its place. */
  readonly authority: string;
  readonly headers: Readonly<Record<string, string>>;
}

const HTTP_PROXY_PORT = 15007;
const TIMEOUT_MS = 10_000;

/** Connections that requests share, one after the other; closed when the test is over. */
export function keepAliveAgent(transport: "plaintext" | "tls" = "plaintext"): Agent {
  const agent = new (transport === "tls" ? TlsAgent : Agent)({ keepAlive: true });
  onTestFinished(() => {
    agent.destroy();
  });
  return agent;
}

/** The answer as an echo application's. */
export function echoOf(answer: Answer): Echo {
  return JSON.parse(answer.body) as Echo;
}

function send(
  request: typeof httpRequest | typeof httpsRequest,
  options: object,
  question: Question,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        method: question.method ?? "GET",
        agent: question.agent ?? false,
        localAddress: question.localAddress,
        ...options,
        ...(question.path === undefined ? {} : { path: question.path }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        // Now: by the end of the body the connection may be gone.
        const { socket } = incoming;
        const certificate =
          socket instanceof TLSSocket ? socket.getPeerCertificate(true) : undefined;
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.once("error", reject);
        incoming.once("end", () => {
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString("utf8"),
            certificate,
          });
        });
      },
    );
    outgoing.setTimeout(question.timeoutMs ?? TIMEOUT_MS, () => {
      outgoing.destroy(new Error("no answer in time"));
    });
    outgoing.once("error", reject);
    outgoing.end(question.body);
  });
}

/** A request that the application of a pod makes to a service, through its sidecar's HTTP proxy. */
export function call(pod: PlacedPod, url: string, question: Question = {}): Promise<Answer> {
  const { host } = new URL(url);
  return send(
    httpRequest,
    {
      host: pod.addresses.egress,
      port: HTTP_PROXY_PORT,
      path: url,
      headers: { host, ...question.headers },
    },
    question,
  );
}

/**
 * A request that the application of a pod makes through a tunnel of its sidecar's HTTP proxy (CONNECT), over TLS if the URL
 * says so.
 */
export async function callThroughTunnel(
  pod: PlacedPod,
  url: string,
  question: Question = {},
): Promise<Answer> {
  const { protocol, host, hostname, pathname, search } = new URL(url);
  const socket = await openTunnel(pod, host, question.localAddress);
  const asked = { path: `${pathname}${search}`, headers: { host, ...question.headers } };
  try {
    if (protocol === "http:") {
      const inTunnel = { ...asked, agent: undefined, createConnection: () => socket };
      return await send(httpRequest, inTunnel, question);
    }
    return await send(
      httpsRequest,
      {
        ...asked,
        socket,
        servername: hostname,
        ca: question.ca,
        rejectUnauthorized: question.ca !== undefined,
        maxVersion: question.maxVersion,
      },
      question,
    );
  } finally {
    socket.destroy();
  }
}

/** A tunnel to `HOST:PORT`; rejects when the HTTP proxy does not make one. */
async function openTunnel(
  pod: PlacedPod,
  hostPort: string,
  localAddress: string | undefined,
): Promise<Socket> {
  const request = httpRequest({
    method: "CONNECT",
    host: pod.addresses.egress,
    port: HTTP_PROXY_PORT,
    path: hostPort,
    headers: { host: hostPort },
    agent: false,
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  request.end();
  const [response, socket] = (await once(request, "connect")) as [IncomingMessage, Socket];
  if (response.statusCode !== 200) {
    socket.destroy();
    throw new Error(`no tunnel to ${hostPort}: ${String(response.statusCode)}`);
  }
  return socket;
}

/** A request without TLS straight to an address, whatever the URL's host. */
export function callAddress(
  at: { readonly address: string; readonly port: number },
  url: string,
  question: Question = {},
): Promise<Answer> {
  const { host, pathname, search } = new URL(url);
  return send(
    httpRequest,
    {
      host: at.address,
      port: at.port,
      path: `${pathname}${search}`,
      headers: { host, ...question.headers },
      ...(question.preamble === undefined
        ? {}
        : // An agent would make the connection by itself.
          { agent: undefined, createConnection: () => openWith(at, question.preamble ?? "") }),
    },
    question,
  );
}

function openWith({ address, port }: { address: string; port: number }, preamble: string): Socket {
  const socket = connect(port, address);
  socket.write(preamble);
  return socket;
}

/** A request over TLS straight to an address; the URL's host is the server name and the Host header. */
export function callTls(
  at: { readonly address: string; readonly port: number },
  url: string,
  question: Question = {},
): Promise<Answer> {
  const { host, hostname, pathname, search } = new URL(url);
  return send(
    httpsRequest,
    {
      host: at.address,
      port: at.port,
      path: `${pathname}${search}`,
      servername: hostname,
      cert: question.client?.certificate,
      key: question.client?.key,
      ca: question.ca,
      rejectUnauthorized: question.ca !== undefined,
      maxVersion: question.maxVersion,
      headers: { host, ...question.headers },
    },
    question,
  );
}

/**
 * A request over mutual TLS straight to an address, as a sidecar makes it; without a certificate the client shows none, and
 * without a server name it asks for the URL's host.
 */
export function callMutualTls(
  at: { readonly address: string; readonly port: number },
  url: string,
  {
    certificate,
    serverName,
    ...question
  }: Question & { readonly certificate?: IssuedCertificate; readonly serverName?: string },
): Promise<Answer> {
  const { host, pathname, search } = new URL(url);
  const shown =
    certificate === undefined
      ? {}
      : { cert: certificate.chain, key: certificate.privateKey.reveal() };
  return send(
    httpsRequest,
    {
      host: at.address,
      port: at.port,
      path: `${pathname}${search}`,
      ...shown,
      ...(serverName === undefined ? {} : { servername: serverName }),
      ca: question.ca,
      rejectUnauthorized: question.ca !== undefined,
      maxVersion: question.maxVersion,
      // Workloads have identities and no host names.
      checkServerIdentity: () => undefined,
      ALPNProtocols: ["istio-http/1.1", "istio", "http/1.1"],
      headers: { host, ...question.headers },
    },
    question,
  );
}
