/** The parts of a filter chain that decide what becomes of a connection. */
import type {
  DownstreamTlsContextJson,
  FilterChainJson,
  HttpConnectionManagerJson,
  TcpProxyJson,
} from "../envoy/api.js";
import { WORKLOAD_SECRET } from "../envoy/names.js";

const PACKAGE = "type.googleapis.com/envoy.extensions.filters.network";

function filterOf({ filters = [] }: FilterChainJson, type: string): object | undefined {
  return filters
    .map(({ typedConfig }) => typedConfig)
    .find((one) => one?.["@type"] === `${PACKAGE}.${type}`);
}

/** The HTTP connection manager of a chain; undefined when it carries bytes. */
export function connectionManagerOf(chain: FilterChainJson): HttpConnectionManagerJson | undefined {
  return filterOf(chain, "http_connection_manager.v3.HttpConnectionManager");
}

/** The TCP proxy of a chain. */
export function tcpProxyOf(chain: FilterChainJson): TcpProxyJson | undefined {
  return filterOf(chain, "tcp_proxy.v3.TcpProxy");
}

/** The clusters of a TCP proxy by weight. */
export function tcpClusters({
  cluster,
  weightedClusters,
}: TcpProxyJson): readonly { readonly name: string; readonly weight: number }[] {
  if (cluster !== undefined) return [{ name: cluster, weight: 1 }];
  return (weightedClusters?.clusters ?? []).map(({ name = "", weight = 0 }) => ({ name, weight }));
}

/** Whose certificate a chain shows: the workload's own, that of someone else, or none as it does not terminate TLS. */
export function certificateOf({ transportSocket }: FilterChainJson): "mesh" | "other" | "none" {
  if (transportSocket === undefined) return "none";
  const context = transportSocket.typedConfig as DownstreamTlsContextJson | undefined;
  const [secret] = context?.commonTlsContext?.tlsCertificateSdsSecretConfigs ?? [];
  return secret?.name === WORKLOAD_SECRET ? "mesh" : "other";
}
