/** What a Sidecar says of how its workload is called. */
import type { ConnectionPoolSettings } from "../../config/kinds/networking/destination-rule/connection-pool.js";
import type { ServerTLSSettings } from "../../config/kinds/networking/server-tls-settings.js";
import type { ResourceOf } from "../../config/kinds.js";
import { type Protocol, parseProtocol } from "../service/protocol.js";

/** Where an application listens: an IP address and a port, or `unix://` and a path. */
export interface ApplicationEndpoint {
  readonly address: string;
  readonly port: number;
}

/** One port on which a sidecar takes calls for its workload. */
export interface IngressListener {
  readonly port: number;
  readonly name: string;
  /** What it carries behind `tls`. */
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
const LOCALHOST_IPV6 = "::1";

const isIpv6 = (address: string): boolean => address.includes(":");

const isLoopback = (address: string): boolean =>
  address.startsWith("127.") || address === LOCALHOST_IPV6;

/** The workload that is called, as far as it matters where it is. */
export interface CalledWorkload {
  readonly addresses: readonly string[];
  /** Where its application listens, when that is another address than the workload's own, on which the sidecar listens. */
  readonly application: string | undefined;
}

/** Where an application is that is called by loopback: workloads that share a machine share `127.0.0.1`, and have others. */
function reachable(address: string, { application = "" }: CalledWorkload): string {
  if (address !== "" && address !== LOCALHOST && address !== LOCALHOST_IPV6) return address;
  if (isLoopback(application)) return application;
  return address === "" ? LOCALHOST : address;
}

/**
 * The address that a host means to a workload: `0.0.0.0` and `[::]` are its application's, else its own of that family, and a
 * loopback address is that of the other family where the workload has none of its family. See Istio,
 * IstioIngressListener.defaultEndpoint.
 */
function addressOf(host: string, { addresses, application }: CalledWorkload): string {
  const ipv4 = addresses.find((one) => one !== "" && !isIpv6(one));
  const ipv6 = addresses.find(isIpv6);
  switch (host) {
    case "0.0.0.0":
      return application ?? ipv4 ?? LOCALHOST;
    case "[::]":
      return application ?? ipv6 ?? LOCALHOST_IPV6;
    case LOCALHOST:
      return ipv4 === undefined && ipv6 !== undefined ? LOCALHOST_IPV6 : LOCALHOST;
    case `[${LOCALHOST_IPV6}]`:
      return ipv6 === undefined ? LOCALHOST : LOCALHOST_IPV6;
    default:
      return host.replace(/^\[(.*)\]$/, "$1");
  }
}

/** Reads `127.0.0.1:8080`, `[::1]:8080`, `0.0.0.0:8080` or `unix://PATH`. */
function applicationEndpoint(
  text: string,
  workload: CalledWorkload,
): ApplicationEndpoint | undefined {
  if (text === "") return undefined;
  if (text.startsWith("unix://")) return { address: text, port: 0 };
  const colon = text.lastIndexOf(":");
  const address = addressOf(text.slice(0, colon), workload);
  return { address: reachable(address, workload), port: Number(text.slice(colon + 1)) };
}

/** What a port carries whose TLS ends at the sidecar. */
function behindTls(text: string | undefined): Protocol {
  const protocol = parseProtocol(text);
  if (protocol === "HTTPS") return "HTTP";
  return protocol === "TLS" ? "TCP" : protocol;
}

/** The ports that a Sidecar names for its workload; without any they are those of its services. */
export function ingressListeners(
  { spec }: ResourceOf<"Sidecar">,
  workload: CalledWorkload,
): readonly IngressListener[] {
  return (spec.ingress ?? []).map(
    ({ port, bind = "", captureMode, defaultEndpoint = "", tls, connectionPool }) => ({
      port: port.number ?? 0,
      name: port.name ?? "",
      protocol: tls === undefined ? parseProtocol(port.protocol) : behindTls(port.protocol),
      bind: bind === "" ? undefined : bind,
      bound: captureMode === "NONE",
      endpoint: applicationEndpoint(defaultEndpoint, workload),
      tls,
      pool: connectionPool ?? spec.inboundConnectionPool,
    }),
  );
}
