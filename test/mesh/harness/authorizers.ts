/** Services that decide about requests for a mesh: whoever calls as `x-user: friend` may pass. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { serveUnary } from "./unary-server.js";

/** A running one. */
export interface AuthorizationServer {
  /** What it was asked over HTTP. */
  readonly requests: readonly Asked[];
  close(): Promise<void>;
}

/** A question as it came. */
export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface At {
  readonly address: string;
  readonly port: number;
}

/** What nobody is ever answered about. */
const IGNORED = "/ignored/";

/** Answers 200 or 401, with headers for whoever the mesh hands them on to. */
export async function startHttpAuthorizer({ address, port }: At): Promise<AuthorizationServer> {
  const requests: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { headers, url = "" } = request;
      requests.push({ path: url, headers, body: Buffer.concat(chunks).toString() });
      if (url.startsWith(IGNORED)) return;
      const mayPass = headers["x-user"] === "friend";
      response.writeHead(
        mayPass ? 200 : 401,
        mayPass
          ? { "x-decided": "yes", "x-told": "yes", "content-type": "text/plain" }
          : { "x-reason": "stranger", "x-told": "no" },
      );
      response.end(mayPass ? "" : "strangers stay out");
    });
  });
  server.listen(port, address);
  await once(server, "listening");
  return {
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A field of a message of protobuf, that has less than 128 bytes. */
const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
};

/** A HeaderValueOption. */
const header = (name: string, value: string): Buffer =>
  field(1, Buffer.concat([field(1, name), field(2, value)]));

/** A CheckResponse whose status is PERMISSION_DENIED, with what the client is told: 401, a header and a body. */
const DENIED = Buffer.concat([
  field(1, Buffer.from([0x08, 0x07])),
  field(
    2,
    Buffer.concat([
      field(1, Buffer.from([0x08, 0x91, 0x03])),
      field(2, header("x-reason", "stranger")),
      field(3, "strangers stay out"),
    ]),
  ),
]);

/** One that lets pass, as it has no status, with a header for the application and one for the client. */
const ALLOWED = field(
  3,
  Buffer.concat([field(2, header("x-decided", "yes")), field(6, header("x-told", "yes"))]),
);

/** Serves envoy.service.auth.v3.Authorization. */
export async function startGrpcAuthorizer(at: At): Promise<AuthorizationServer> {
  const close = await serveUnary({
    ...at,
    path: "/envoy.service.auth.v3.Authorization/Check",
    answer: (message) => (message.includes("friend") ? ALLOWED : DENIED),
  });
  return {
    requests: [],
    close: () => {
      close();
      return Promise.resolve();
    },
  };
}
