/** An HTTP proxy as companies have at their border: by CONNECT it passes connections on. */
import { createServer } from "node:http";
import { connect } from "node:net";

/** A proxy that runs. */
export interface ForwardProxy {
  /** What it was asked to connect to, `host:port`, in order. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

/** Where a proxy listens, and the address at which it finds every host. */
export interface ForwardProxyOptions {
  readonly address: string;
  readonly port: number;
  readonly hostsAt: string;
}

/** Starts a proxy; it answers all but CONNECT with 405. */
export async function startForwardProxy(options: ForwardProxyOptions): Promise<ForwardProxy> {
  const { address, port, hostsAt } = options;
  const asked: string[] = [];
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on("connect", (request, client) => {
    const target = request.url ?? "";
    asked.push(target);
    const upstream = connect(Number(target.split(":").at(-1)), hostsAt, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(client);
      client.pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, resolve);
  });
  return {
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
