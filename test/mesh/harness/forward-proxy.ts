/** An HTTP proxy as companies have at their border: by CONNECT it passes connections on. */
import { createServer } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";

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
  // The server forgets a connection that became a tunnel.
  const tunnels = new Set<Duplex>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on("connect", (request, client) => {
    const target = request.url ?? "";
    asked.push(target);
    tunnels.add(client);
    client.on("close", () => tunnels.delete(client));
    const upstream = connect(Number(target.split(":").at(-1)), hostsAt, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(client);
      client.pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
    client.on("close", () => upstream.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, resolve);
  });
  return {
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
        for (const tunnel of tunnels) tunnel.destroy();
      }),
  };
}
