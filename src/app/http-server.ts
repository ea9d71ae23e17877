/** The control plane's HTTP port: `/ready`, `/metrics`, `/version`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

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
  response.writeHead(page.status ?? 200, { "content-type": page.type });
  response.end(request.method === "HEAD" ? undefined : page.text);
}

/** The server; it does not listen yet. */
export function createHttpServer(content: HttpContent): Server {
  const server = createServer((request, response) => {
    answer(request, response, content).catch(() => {
      response.writeHead(500).end();
    });
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  return server;
}
