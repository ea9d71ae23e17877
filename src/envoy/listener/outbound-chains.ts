/** The filter chains of a sidecar's outbound listeners: for requests, for bytes, and for what nobody knows. */
import type { AddressFamilies } from "../../mesh/proxy/proxy.js";
import { cidrRange } from "../address.js";
import type { FilterChainJson, FilterChainMatchJson, FilterJson } from "../api.js";
import {
  type ConnectionManagerSettings,
  type HttpConnectionManagerOptions,
  httpConnectionManager,
  OUTBOUND_SIDE,
  type Routes,
} from "../filter/http-connection-manager.js";
import type { HttpFilterOptions } from "../filter/http-filters.js";
import { offerTcpAlpn, type TcpProxyOptions, tcpProxy } from "../filter/network-filters.js";
import { BLACK_HOLE_CLUSTER, PASSTHROUGH_CHAIN } from "../names.js";
import type { PerRouteFilters } from "../route/per-route-filters.js";
import type { ListenerLogs } from "../telemetry/listener-logs.js";
import type { UnknownHosts } from "../unknown-hosts.js";
import type { ChosenChain } from "./chosen-chains.js";
import { PLAIN_HTTP, TRANSPORT_SOCKET_TIMEOUT } from "./filter-chain.js";
import type { TcpChain } from "./l4-chains.js";
import type { MadeChain } from "./made-chain.js";
import { lookUpFilter, type TcpTarget } from "./tcp-target.js";

/** What all outbound listeners of a proxy have in common. */
export interface OutboundListenerOptions extends ConnectionManagerSettings, ListenerLogs {
  /** How long bytes are waited for by which protocols are told apart; `0s` is for ever. */
  readonly detectionTimeout: string;
  readonly unknown: UnknownHosts;
  readonly filters: PerRouteFilters;
  /** The proxy, and all that it calls, is on one machine. */
  readonly onLoopback: boolean;
  /** Connections are redirected to the proxy. */
  readonly captured: boolean;
  /** For whose addresses those on every address are. */
  readonly families: AddressFamilies;
  /** Virtual hosts, and clusters of connections, are asked for when they are needed. */
  readonly onDemand: boolean;
}

/** The side on which a sidecar is an HTTP proxy for its application, which may ask for tunnels. */
const PROXY_SIDE: HttpConnectionManagerOptions["side"] = {
  ...OUTBOUND_SIDE,
  upgradeConfigs: [{ upgradeType: "CONNECT" }],
};

/** What distinguishes a connection manager from others of its proxy. */
interface RequestOptions
  extends OutboundListenerOptions,
    Partial<Pick<HttpConnectionManagerOptions, "side">>,
    Pick<HttpFilterOptions, "grpcWeb"> {}

/** What takes the requests of a listener. */
function requestFilter(
  routes: Routes,
  listener: string,
  { side = OUTBOUND_SIDE, grpcWeb = false, ...options }: RequestOptions,
): FilterJson {
  const filters = {
    grpcWeb,
    perRoute: "name" in routes ? options.filters.get(routes.name) : undefined,
    onDemand: options.onDemand && "name" in routes,
    tunnels: side === PROXY_SIDE,
  };
  const statPrefix = `outbound_${listener};`;
  return httpConnectionManager({ statPrefix, routes, filters, side }, options);
}

/** A chain for requests alone. */
export function httpChain(
  routes: Routes,
  listener: string,
  options: RequestOptions,
): FilterChainJson {
  return {
    filters: [requestFilter(routes, listener, options)],
    transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
  };
}

/** A chain for HTTP in plaintext, beside others. */
export function plainHttpChain(...args: Parameters<typeof httpChain>): FilterChainJson {
  return { filterChainMatch: PLAIN_HTTP, ...httpChain(...args) };
}

function chainMatch({ serverNames, prefixes }: TcpChain): FilterChainMatchJson {
  return {
    ...(serverNames.length > 0 ? { serverNames: [...serverNames] } : {}),
    ...(prefixes.length > 0 ? { prefixRanges: prefixes.map(cidrRange) } : {}),
  };
}

/** A chain for bytes. One that is `mixed` has a cluster that is called for HTTP too, and would announce HTTP by ALPN. */
export function tcpChain(
  { chain, mixed }: ChosenChain,
  options: OutboundListenerOptions,
): MadeChain {
  const { connectionLog, connections, onDemand } = options;
  const { clusters } = chain.target;
  const match = chainMatch(chain);
  const json = {
    ...(Object.keys(match).length > 0 ? { filterChainMatch: match } : {}),
    filters: [
      ...(mixed ? [offerTcpAlpn()] : []),
      ...lookUpFilter(chain.target, options),
      tcpProxy({
        statPrefix: clusters[0]?.name ?? BLACK_HOLE_CLUSTER,
        target: proxyTarget(clusters),
        way: chain.target.way,
        connections,
        accessLog: [...connectionLog],
        onDemand,
      }),
    ],
    transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
  };
  return { json, parts: [chain.part] };
}

/** The one cluster, or several by weight; bytes that lead nowhere are let fall. */
function proxyTarget(clusters: TcpTarget["clusters"]): TcpProxyOptions["target"] {
  const [first, ...others] = clusters;
  if (first === undefined) return { cluster: BLACK_HOLE_CLUSTER };
  return others.length > 0 ? { weighted: clusters } : { cluster: first.name };
}

/** Takes what no other chain takes: connections to hosts that nobody knows. */
export function passthroughChain(
  options: OutboundListenerOptions,
  cluster: string,
): FilterChainJson {
  return {
    name: PASSTHROUGH_CHAIN,
    filterChainMatch: {},
    filters: [
      tcpProxy({
        statPrefix: cluster,
        target: { cluster },
        accessLog: cluster === BLACK_HOLE_CLUSTER ? [] : [...options.connectionLog],
        connections: options.connections,
      }),
    ],
  };
}

/** The chain of an HTTP proxy: applications call through it, also by CONNECT. */
export function proxyChain(
  routes: Routes,
  listener: string,
  options: RequestOptions,
): FilterChainJson {
  return { filters: [requestFilter(routes, listener, { ...options, side: PROXY_SIDE })] };
}
