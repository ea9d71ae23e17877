/** Which connections a filter chain takes, and what becomes of them. */
import type {
  FilterChainJson,
  FilterChainMatchJson,
  HttpConnectionManagerJson,
  ListenerJson,
  TcpProxyJson,
  VirtualHostJson,
} from "../../envoy/api.js";
import { BLACK_HOLE_CLUSTER } from "../../envoy/names.js";
import { describeMatch } from "./route-match.js";

/** The chain's last filter as far as it is one of the two that lead somewhere. */
type Destination =
  | { readonly protocol: "HTTP"; readonly manager: HttpConnectionManagerJson }
  | { readonly protocol: "TCP"; readonly proxy: TcpProxyJson }
  | { readonly protocol: "none" };

/** A proxy of TCP that leads nowhere, to BlackHoleCluster, is none. */
function destinationOf({ filters = [] }: FilterChainJson): Destination {
  for (const { typedConfig } of filters) {
    const type = typedConfig?.["@type"] ?? "";
    if (type.endsWith(".HttpConnectionManager")) {
      return { protocol: "HTTP", manager: typedConfig as HttpConnectionManagerJson };
    }
    const proxy = typedConfig as TcpProxyJson;
    if (type.endsWith(".TcpProxy") && proxy.cluster !== BLACK_HOLE_CLUSTER) {
      return { protocol: "TCP", proxy };
    }
  }
  return { protocol: "none" };
}

/** The filter chains of a listener, the default one last. */
export function chainsOf({
  filterChains = [],
  defaultFilterChain,
}: ListenerJson): readonly FilterChainJson[] {
  return defaultFilterChain === undefined ? filterChains : [...filterChains, defaultFilterChain];
}

/** What a filter chain carries. */
export function chainProtocol(chain: FilterChainJson): "HTTP" | "TCP" | "none" {
  return destinationOf(chain).protocol;
}

/** Where a filter chain leads, as istioctl writes it: `Route: 80`, `Cluster: outbound|...`, `PassthroughCluster`. */
export function chainDestination(chain: FilterChainJson): string {
  const destination = destinationOf(chain);
  switch (destination.protocol) {
    case "HTTP":
      return httpDestination(destination.manager);
    case "TCP":
      return tcpDestination(destination.proxy);
    case "none":
      return "Non-HTTP/Non-TCP";
  }
}

function httpDestination({ routeConfig, rds }: HttpConnectionManagerJson): string {
  if (routeConfig !== undefined) return inlineDestination(routeConfig.virtualHosts ?? []);
  return rds?.routeConfigName === undefined ? "HTTP" : `Route: ${rds.routeConfigName}`;
}

/** A table with nothing but one way to one cluster is that cluster. */
function inlineDestination(virtualHosts: readonly VirtualHostJson[]): string {
  const routes = virtualHosts.flatMap((virtualHost) => virtualHost.routes ?? []);
  const [only] = routes;
  const matchesAll =
    virtualHosts.length === 1 && routes.length === 1 && isCatchAll(virtualHosts[0] ?? {});
  const cluster = only?.match?.prefix === "/" ? only.route?.cluster : undefined;
  if (matchesAll && cluster !== undefined) return clusterDestination(cluster);
  return `Inline Route: ${virtualHosts.map(describeVirtualHost).join("; ")}`;
}

const isCatchAll = ({ domains = [] }: VirtualHostJson): boolean => domains.join() === "*";

function describeVirtualHost(virtualHost: VirtualHostJson): string {
  const matches = (virtualHost.routes ?? []).map(({ match }) => describeMatch(match)).join(", ");
  return isCatchAll(virtualHost) ? matches : `${(virtualHost.domains ?? []).join("/")} ${matches}`;
}

function tcpDestination({ cluster, weightedClusters }: TcpProxyJson): string {
  if (cluster !== undefined) return clusterDestination(cluster);
  const weighted = (weightedClusters?.clusters ?? []).map(
    ({ name = "", weight = 0 }) => `${name} (${String(weight)})`,
  );
  return `Cluster: ${weighted.join(", ")}`;
}

/** Clusters that every proxy has say by their name what they are. */
const clusterDestination = (cluster: string): string =>
  cluster.endsWith("Cluster") ? cluster : `Cluster: ${cluster}`;

/** Sets of application protocols that istioctl has a name for. */
const PROTOCOL_SETS: ReadonlyMap<string, string> = new Map([
  ["http/1.0,http/1.1,h2c", "HTTP"],
  ["istio,istio-http/1.0,istio-http/1.1,istio-h2", "Istio HTTP Plain"],
  ["http/1.0,http/1.1,h2c,istio-http/1.0,istio-http/1.1,istio-h2", "HTTP TLS"],
  ["istio-peer-exchange,istio", "TCP TLS"],
]);

/** Which connections a filter chain takes: `SNI: a.example.com; Trans: tls; Addr: 10.0.0.0/8:443`, or `ALL`. */
export function describeChainMatch(match: FilterChainMatchJson = {}): string {
  const { serverNames = [], transportProtocol = "", applicationProtocols = [] } = match;
  const protocols = applicationProtocols.join(",");
  const parts = [
    serverNames.length > 0 ? `SNI: ${serverNames.join(",")}` : "",
    transportProtocol === "" ? "" : `Trans: ${transportProtocol}`,
    protocols === "" ? "" : `App: ${PROTOCOL_SETS.get(protocols) ?? protocols}`,
    describeDestinationAddress(match),
  ].filter((part) => part !== "");
  return parts.length === 0 ? "ALL" : parts.join("; ");
}

function describeDestinationAddress({
  destinationPort,
  prefixRanges = [],
}: FilterChainMatchJson): string {
  const port = destinationPort === undefined ? "" : `:${String(destinationPort)}`;
  const ranges = prefixRanges.map(
    ({ addressPrefix = "", prefixLen = 0 }) => `${addressPrefix}/${String(prefixLen)}`,
  );
  if (ranges.length > 0) return `Addr: ${ranges.join(",")}${port}`;
  return port === "" ? "" : `Addr: *${port}`;
}

/** What tells a filter chain apart from others of its listener: its name, which several may have, and what it takes. */
export const chainName = ({ name = "", filterChainMatch }: FilterChainJson): string =>
  `${name} ${describeChainMatch(filterChainMatch)}`.trimStart();
