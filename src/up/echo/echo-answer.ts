/** What an echo application answers: who it is, who called, and what it was asked. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { type EchoControls, type FailureCounter, readControls } from "./echo-controls.js";
import type { EchoIdentity } from "./echo-identity.js";
import { peerIdentity } from "./peer-identity.js";

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

const CHUNK = Buffer.alloc(64 * 1024, "0123456789abcdef");

/** Answers one request as its controls say; never rejects, a caller that goes away meanwhile is forgotten. */
export async function answerRequest(
  identity: EchoIdentity,
  request: Request,
  response: Response,
  shouldFail: FailureCounter,
): Promise<void> {
  const controls = readControls(request.url ?? "/");
  try {
    if (controls.delayMs > 0) await delay(controls.delayMs);
    const status = fails(request, controls, shouldFail) ? 503 : controls.status;
    if (controls.body === "echo") await echoBody(request, response, status);
    else if (typeof controls.body === "number")
      await sendBytes(request, response, status, controls.body);
    else await sendDescription(identity, request, response, status);
  } catch {
    response.destroy();
  }
}

function fails(request: Request, controls: EchoControls, shouldFail: FailureCounter): boolean {
  if (controls.failures === 0) return false;
  const key = controls.failureKey ?? header(request, "x-request-id") ?? "";
  return shouldFail(key, controls.failures);
}

async function sendDescription(
  identity: EchoIdentity,
  request: Request,
  response: Response,
  status: number,
): Promise<void> {
  const bodyBytes = await countBody(request);
  const text = `${JSON.stringify(describeRequest(identity, request, bodyBytes), undefined, 2)}\n`;
  writeHead(response, status, {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(text)),
    ...identityHeaders(identity),
  });
  response.end(text);
}

/** Short forms of who answered, for callers that look at headers alone. */
function identityHeaders(identity: EchoIdentity): Record<string, string> {
  if (!("pod" in identity)) return {};
  const { pod, version } = identity;
  return { "x-echo-pod": pod, ...(version === undefined ? {} : { "x-echo-version": version }) };
}

async function countBody(request: Request): Promise<number> {
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) bytes += chunk.length;
  return bytes;
}

function describeRequest(identity: EchoIdentity, request: Request, bodyBytes: number): object {
  const { socket } = request;
  const serverName = socket instanceof TLSSocket ? socket.servername : undefined;
  return {
    ...identity,
    // null rather than absent: that nobody proved who they are is an answer too.
    peer: peerIdentity(header(request, "x-forwarded-client-cert")) ?? null,
    method: request.method,
    path: request.url,
    authority: header(request, ":authority") ?? header(request, "host"),
    protocol: `HTTP/${request.httpVersion}`,
    serverName: typeof serverName === "string" ? serverName : undefined,
    bodyBytes,
    headers: ordinaryHeaders(request),
  };
}

/** Without HTTP/2's pseudo-headers, which say again what the method, path and authority say. */
function ordinaryHeaders({ headers }: Request): object {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(":")));
}

async function echoBody(request: Request, response: Response, status: number): Promise<void> {
  const type = header(request, "content-type") ?? "application/octet-stream";
  writeHead(response, status, { "content-type": type });
  await pipeline(request, response);
}

async function sendBytes(
  request: Request,
  response: Response,
  status: number,
  bytes: number,
): Promise<void> {
  request.resume();
  writeHead(response, status, {
    "content-type": "application/octet-stream",
    "content-length": String(bytes),
  });
  await pipeline(Readable.from(chunks(bytes)), response);
}

function* chunks(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, left);
}

function header(request: Request, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

function writeHead(response: Response, status: number, headers: Record<string, string>): void {
  // The two kinds of response agree on this call, but not on all of its overloads.
  (response as ServerResponse).writeHead(status, headers);
}
