/** Services that decide about requests for a mesh: whoever calls as `x-user: friend` may pass. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { type handleUnaryCall, Server, ServerCredentials } from "@grpc/grpc-js";

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

/** Answers 200 or 401. */
export async function startHttpAuthorizer({ address, port }: At): Promise<AuthorizationServer> {
  const requests: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { headers, url = "" } = request;
      requests.push({ path: url, headers, body: Buffer.concat(chunks).toString() });
      const mayPass = headers["x-user"] === "friend";
      response.writeHead(
        mayPass ? 200 : 401,
        mayPass ? { "x-decided": "yes" } : { "x-reason": "stranger" },
      );
      response.end();
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

/** A CheckResponse whose status is PERMISSION_DENIED; one without a status lets pass. */
const DENIED = Buffer.from([0x0a, 0x02, 0x08, 0x07]);
const ALLOWED = Buffer.alloc(0);

/** Serves envoy.service.auth.v3.Authorization. */
export async function startGrpcAuthorizer({ address, port }: At): Promise<AuthorizationServer> {
  const server = new Server();
  const check: handleUnaryCall<Buffer, Buffer> = ({ request }, respond) => {
    respond(null, request.includes("friend") ? ALLOWED : DENIED);
  };
  const bytes = (value: Buffer): Buffer => value;
  server.addService(
    {
      check: {
        path: "/envoy.service.auth.v3.Authorization/Check",
        requestStream: false,
        responseStream: false,
        requestDeserialize: bytes,
        requestSerialize: bytes,
        responseDeserialize: bytes,
        responseSerialize: bytes,
      },
    },
    { check },
  );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${address}:${String(port)}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  return {
    requests: [],
    close: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}
