/** What a Sidecar says of how its workload is called. */
import type { ConnectionPoolSettings } from "../config/kinds/connection-pool.js";
import type { ServerTLSSettings } from "../config/kinds/server-tls-settings.js";
import type { ResourceOf } from "../config/kinds.js";
import { type Protocol, parseProtocol } from "./protocol.js";

/** Where an application listens: an IP address and a port, or `unix://` and a path. */
export interface ApplicationEndpoint {
  readonly address: string;
  readonly port: number;
}

/** One port on which a sidecar takes calls for its workload. */
export interface IngressListener {
  readonly port: number;
  readonly protocol: Protocol;
  /** The address on which it listens; undefined for the workload's own. */
  readonly bind: string | undefined;
  /** Connections are addressed to it, and not redirected. */
  readonly bound: boolean;
  /** undefined where calls go on to the address that was called. */
  readonly endpoint: ApplicationEndpoint | undefined;
  /** TLS with clients outside of the mesh. */
  readonly tls: ServerTLSSettings | undefined;
  readonly pool: ConnectionPoolSettings | undefined;
}

const LOCALHOST = "127.0.0.1";
/** The addresses that stand for the workload's own. */
const OWN_ADDRESSES: ReadonlySet<string> = new Set(["0.0.0.0", "[::]"]);

/** Reads `127.0.0.1:8080`, `[::1]:8080`, `0.0.0.0:8080` or `unix://PATH`; `own` is the workload's address. */
function applicationEndpoint(text: string, own: string): ApplicationEndpoint | undefined {
  if (text === "") return undefined;
  if (text.startsWith("unix://")) return { address: text, port: 0 };
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon);
  const address = OWN_ADDRESSES.has(host) ? own : host.replace(/^\[(.*)\]$/, "$1");
  return { address: address === "" ? LOCALHOST : address, port: Number(text.slice(colon + 1)) };
}

/** The ports that a Sidecar names for its workload at an address; without any they are those of its services. */
export function ingressListeners(
  { spec }: ResourceOf<"Sidecar">,
  address: string,
): readonly IngressListener[] {
  return (spec.ingress ?? []).map(
    ({ port, bind = "", captureMode, defaultEndpoint = "", tls, connectionPool }) => ({
      port: port.number ?? 0,
      protocol: parseProtocol(port.protocol),
      bind: bind === "" ? undefined : bind,
      bound: captureMode === "NONE",
      endpoint: applicationEndpoint(defaultEndpoint, address),
      tls,
      pool: connectionPool ?? spec.inboundConnectionPool,
    }),
  );
}
