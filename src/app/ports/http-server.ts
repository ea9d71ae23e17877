/** The control plane's HTTP port: `/ready`, `/metrics`, `/version`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What the port tells. */
export interface HttpContent {
  readonly ready: () => boolean;
  readonly metrics: () => Promise<string>;
  readonly metricsType: string;
  readonly version: Readonly<Record<string, string>>;
}

/** A page: its type and text, and the status when that is not 200. */
interface Page {
  readonly type: string;
  readonly text: string;
  readonly status?: number;
}

const PLAIN = "text/plain; charset=utf-8";
const HEADERS_TIMEOUT_MS = 5000;
/** How often it is looked at whose time is up, in milliseconds. */
const LOOK_MS = 1000;

/** So many requests may come of a connection before the first of them is answered. */
const MAX_UNANSWERED = 100;

/** A page that was made is shown for so many times as long as it took to make it. */
const SHOWN_TIMES = 10;

/** What costs something to make, made once for all who ask for it at about the same time. */
function shared(make: () => Promise<string>): () => Promise<string> {
  let made: Promise<string> | undefined;
  let until = -Infinity;
  return () => {
    const begun = performance.now();
    if (made !== undefined && begun < until) return made;
    until = Infinity;
    made = make().finally(() => {
      const now = performance.now();
      until = now + (now - begun) * SHOWN_TIMES;
    });
    return made;
  };
}

async function pageOf(path: string, content: HttpContent): Promise<Page> {
  switch (path) {
    case "/ready":
      return content.ready()
        ? { type: PLAIN, text: "ready\n" }
        : { type: PLAIN, text: "starting\n", status: 503 };
    case "/metrics":
      return { type: content.metricsType, text: await content.metrics() };
    case "/version":
      return { type: "application/json", text: `${JSON.stringify(content.version)}\n` };
    default:
      return {
        type: PLAIN,
        text: "not found: /ready, /metrics and /version are here\n",
        status: 404,
      };
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  content: HttpContent,
): Promise<void> {
  const isRead = request.method === "GET" || request.method === "HEAD";
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const page = isRead
    ? await pageOf(path, content)
    : { type: PLAIN, text: "only GET is answered here\n", status: 405 };
  if (response.destroyed) return;
  const { "content-length": length = "0", "transfer-encoding": encoding } = request.headers;
  // Else all of a body would be read, and forgotten, before the next request.
  const hasBody = length !== "0" || encoding !== undefined;
  response.writeHead(page.status ?? 200, {
    "content-type": page.type,
    ...(hasBody ? { connection: "close" } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : page.text);
}

/** The server; it does not listen yet. */
export function createHttpServer(content: HttpContent): Server {
  const shown = { ...content, metrics: shared(content.metrics) };
  const unanswered = new WeakMap<Socket, number>();
  const add = (socket: Socket, added: number): number => {
    const count = (unanswered.get(socket) ?? 0) + added;
    unanswered.set(socket, count);
    return count;
  };
  const server = createServer({ connectionsCheckingInterval: LOOK_MS }, (request, response) => {
    const { socket } = request;
    if (socket.destroyed) return;
    if (add(socket, 1) > MAX_UNANSWERED) {
      socket.destroy();
      return;
    }
    response.once("close", () => add(socket, -1));
    answer(request, response, shown).catch(() => {
      response.writeHead(500).end();
    });
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  return server;
}
