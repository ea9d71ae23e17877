/** The ports on which a control plane is reached, and what is served on each. */
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { GrpcServer, TlsSource } from "../../grpc/server.js";
import type { ServerCall } from "../../grpc/server-call.js";
import type { AdsServer } from "../../xds/ads-server.js";
import { addAdsService, addSdsService } from "../../xds/ads-service.js";
import { addHealthService } from "../../xds/health/health-service.js";
import { type Closers, closeAll } from "../closers.js";
import type { DebugEndpoints } from "../debug-endpoints.js";
import type { Identity } from "../identity/identity.js";
import type { Metrics } from "../metrics/metrics.js";
import { type GrpcPort, portError, startGrpcPort } from "./grpc-servers.js";
import { createHttpServer } from "./http-server.js";
import { connectionLimits, maxOpenFiles } from "./open-files.js";

/** Where to listen. */
export interface PortOptions {
  /** The address on which TLS and HTTP listen. */
  readonly address: string;
  /** The address on which plaintext listens; the loopback address when absent. Who reaches it may read all but secrets. */
  readonly plaintextAddress?: string;
  /** 0 for any that is free. */
  readonly plaintextPort: number;
  readonly tlsPort: number;
  readonly httpPort: number;
}

/** What is served. */
export interface Served {
  readonly ads: AdsServer;
  /** Serves a stream of the health discovery service. */
  readonly health: (call: ServerCall) => void;
  readonly debug: DebugEndpoints;
  readonly identity: Pick<Identity, "addServices">;
  readonly peers: { readonly addService: (server: GrpcServer) => void };
  readonly metrics: Metrics;
  readonly version: string;
  /** TLS of the control plane's own. */
  readonly tls: TlsSource;
}

/** Ports that are open. */
export interface Ports {
  readonly plaintextPort: number;
  readonly tlsPort: number;
  readonly httpPort: number;
  readonly close: () => Promise<void>;
}

const LOOPBACK = "127.0.0.1";

/**
 * Opens the ports.
 * @throws AppError when one cannot be had; none is left open then
 */
export async function servePorts(options: PortOptions, served: Served): Promise<Ports> {
  const closers: Closers = [];
  const close = (): Promise<void> => closeAll(closers);
  try {
    return { ...(await openPorts(options, served, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openPorts(
  options: PortOptions,
  { debug, identity, peers, metrics, version, tls, ...services }: Served,
  closers: Closers,
): Promise<Omit<Ports, "close">> {
  const { address, plaintextPort, tlsPort } = options;
  const open = async (port: Promise<GrpcPort>): Promise<number> => {
    const served = await port;
    closers.push(() => served.close());
    return served.port;
  };
  const most = connectionLimits(maxOpenFiles());
  const plaintext = {
    address: options.plaintextAddress ?? LOOPBACK,
    port: plaintextPort,
    purpose: "xDS",
    flag: "--port",
    maxConnections: most.plaintext,
  };
  const encrypted = {
    address,
    port: tlsPort,
    purpose: "xDS over TLS",
    flag: "--tls-port",
    maxConnections: most.tls,
  };
  let ready = false;
  const http = createHttpServer({
    ready: () => ready,
    metrics: () => metrics.text(),
    metricsType: metrics.contentType,
    version: { version },
  });
  http.maxConnections = most.http;
  closers.push(() => {
    http.close();
    http.closeAllConnections();
  });
  const ports = {
    plaintextPort: await open(
      startGrpcPort(plaintext, undefined, (server) => {
        addDiscovery(server, services);
        debug.addTo(server, "plaintext");
      }),
    ),
    tlsPort: await open(
      startGrpcPort(encrypted, tls, (server) => {
        addDiscovery(server, services);
        debug.addTo(server, "tls");
        identity.addServices(server);
        peers.addService(server);
      }),
    ),
    httpPort: await listenHttp(http, options),
  };
  ready = true;
  return ports;
}

function addDiscovery(server: GrpcServer, { ads, health }: Pick<Served, "ads" | "health">): void {
  addAdsService(server, ads);
  addSdsService(server, ads);
  addHealthService(server, health);
}

async function listenHttp(
  server: HttpServer,
  { address, httpPort: port }: PortOptions,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(portError({ address, port, purpose: "HTTP", flag: "--http-port" }, error));
    });
    server.listen({ host: address, port }, resolve);
  });
  return (server.address() as AddressInfo).port;
}
