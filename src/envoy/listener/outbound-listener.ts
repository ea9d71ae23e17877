/** The outbound listeners of a sidecar. */
import { DEFAULT_CONNECTIONS } from "../../mesh/proxy/connection-settings.js";
import type { AddressFamilies } from "../../mesh/proxy/proxy.js";
import { portPart } from "../../mesh/service/service.js";
import { cidrRange } from "../address.js";
import type { FilterChainJson, FilterChainMatchJson, FilterJson, ListenerJson } from "../api.js";
import {
  type ConnectionManagerSettings,
  type HttpConnectionManagerOptions,
  httpConnectionManager,
  OUTBOUND_SIDE,
  type Routes,
} from "../filter/http-connection-manager.js";
import type { HttpFilterOptions } from "../filter/http-filters.js";
import { httpInspector, offerTcpAlpn, tcpProxy, tlsInspector } from "../filter/network-filters.js";
import {
  BLACK_HOLE_CLUSTER,
  HTTP_PROXY_ROUTE,
  PASSTHROUGH_CHAIN,
  VIRTUAL_OUTBOUND,
  VIRTUAL_OUTBOUND_PORT,
} from "../names.js";
import type { PerRouteFilters } from "../route/per-route-filters.js";
import { catchAllHost } from "../route/virtual-host.js";
import type { ListenerLogs } from "../telemetry/listener-logs.js";
import type { UnknownHosts } from "../unknown-hosts.js";
import {
  ANY_ADDRESS,
  balancing,
  CONNECTIONS_PER_EVENT,
  type ListenerAddress,
  listenAt,
} from "./address.js";
import { type ChosenChain, chooseChains, inOrder, isOpen, requestEntry } from "./chosen-chains.js";
import type { TcpChain } from "./l4-chains.js";
import {
  chainParts,
  chainsJson,
  type ListenerChains,
  type MadeChain,
  type MadeListener,
  unmade,
} from "./made-chain.js";
import type { OutboundEntry } from "./outbound-entry.js";
import { lookUpFilter } from "./tcp-target.js";

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

/** How long a TLS handshake may take. */
export const TRANSPORT_SOCKET_TIMEOUT = "15s";

/** HTTP as its first bytes show it. */
const PLAIN_HTTP: FilterChainMatchJson = {
  transportProtocol: "raw_buffer",
  applicationProtocols: ["http/1.1", "h2c"],
};

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

function httpChain(routes: Routes, listener: string, options: RequestOptions): FilterChainJson {
  return {
    filters: [requestFilter(routes, listener, options)],
    transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
  };
}

/** A chain for HTTP in plaintext, beside others. */
function plainHttpChain(...args: Parameters<typeof httpChain>): FilterChainJson {
  return { filterChainMatch: PLAIN_HTTP, ...httpChain(...args) };
}

function chainMatch({ serverNames, prefixes }: TcpChain): FilterChainMatchJson {
  return {
    ...(serverNames.length > 0 ? { serverNames: [...serverNames] } : {}),
    ...(prefixes.length > 0 ? { prefixRanges: prefixes.map(cidrRange) } : {}),
  };
}

/** `mixed` says that the cluster is called for HTTP too, and would announce HTTP. */
function tcpChain({ chain, mixed }: ChosenChain, options: OutboundListenerOptions): MadeChain {
  const { connectionLog, connections, onDemand } = options;
  const { clusters } = chain.target;
  const only = clusters.length === 1 ? clusters[0] : undefined;
  const match = chainMatch(chain);
  const json = {
    ...(Object.keys(match).length > 0 ? { filterChainMatch: match } : {}),
    filters: [
      ...(mixed ? [offerTcpAlpn()] : []),
      ...lookUpFilter(chain.target, options),
      tcpProxy({
        statPrefix: only?.name ?? clusters[0]?.name ?? BLACK_HOLE_CLUSTER,
        target:
          only === undefined
            ? clusters.length === 0
              ? { cluster: BLACK_HOLE_CLUSTER }
              : { weighted: clusters }
            : { cluster: only.name },
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

/** Takes what no other chain takes: connections to hosts that nobody knows. */
function passthroughChain(options: OutboundListenerOptions, cluster: string): FilterChainJson {
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

/**
 * Chains, and one for what none of them takes. Beside others that has to be the listener's default: Envoy looks at one
 * condition after the other and never goes back, so bytes would be lost to a chain that is for HTTP in plaintext.
 */
function chainsWithRest(chains: readonly MadeChain[], rest: MadeChain): ListenerChains {
  const json: Partial<ListenerJson> =
    chains.length === 0
      ? { filterChains: [rest.json] }
      : { filterChains: chainsJson(chains), defaultFilterChain: rest.json };
  return { json, chains: chainParts([...chains, rest]) };
}

/** What becomes of requests, and the ports of the services that share it. */
interface Requests extends Pick<OutboundEntry, "proxied">, Pick<MadeChain, "parts"> {
  readonly routes: string;
  /** They are for a port of gRPC-Web: as the first service says, whatever others there are. */
  readonly grpcWeb: boolean;
}

function requestsOf(
  entries: readonly OutboundEntry[],
  { routes, proxied = false, servicePort }: OutboundEntry,
): Requests | undefined {
  if (routes === undefined) return undefined;
  const sharing = entries.filter((entry) => entry.routes === routes);
  const parts = sharing.map((one) => portPart(one, one.servicePort));
  return { routes, proxied, parts, grpcWeb: servicePort.protocol === "GRPC-Web" };
}

/** Where a listener stands, and what becomes of connections that no entry is for. */
export interface OutboundPlace {
  readonly at: ListenerAddress;
  /** false: the listener only gets connections that were redirected to `virtualOutbound`. */
  readonly bind: boolean;
  /** The cluster of connections that no entry is for. */
  readonly fallbackCluster: string;
}

/** The listener that all these entries share; undefined when none of them says anything. */
export function outboundListener(
  entries: readonly OutboundEntry[],
  place: OutboundPlace,
  options: OutboundListenerOptions,
): MadeListener | undefined {
  const ordered = inOrder(entries);
  const entry = requestEntry(ordered, place.at);
  const requests = entry && requestsOf(ordered, entry);
  const chains = chooseChains(ordered, entry);
  if (requests === undefined && chains.length === 0) return undefined;
  const where = listenAt(place.at, options.families);
  const made =
    requests !== undefined && chains.length === 0 && place.at.address !== ANY_ADDRESS
      ? onlyRequests(requests, where.name, options)
      : toldApart(chains, requests, { place, name: where.name, options });
  const json: ListenerJson = {
    ...where,
    ...made.json,
    listenerFiltersTimeout: requests === undefined ? "0s" : options.detectionTimeout,
    continueOnListenerFiltersTimeout: true,
    trafficDirection: "OUTBOUND",
    ...(place.bind ? {} : { bindToPort: false }),
    ...balancing(options.connections),
  };
  return { json, chains: made.chains };
}

/** At an address that is there for HTTP alone nothing has to be told apart. */
function onlyRequests(
  { routes, proxied, parts, grpcWeb }: Requests,
  listener: string,
  options: OutboundListenerOptions,
): ListenerChains {
  const chain = proxied === true ? proxyChain : httpChain;
  const filterChains = [chain({ name: routes }, listener, { ...options, grpcWeb })];
  return { json: { filterChains }, chains: [parts] };
}

/** Requests and bytes, told apart by how they begin, and bytes by where they are meant to go. */
function toldApart(
  chains: readonly ChosenChain[],
  requests: Requests | undefined,
  { place, name, options }: ListenerContext,
): ListenerChains {
  const open = chains.find(isOpen);
  const rest =
    open === undefined
      ? unmade(passthroughChain(options, place.fallbackCluster))
      : tcpChain(open, options);
  const closed = chains.filter((one) => !isOpen(one)).map((one) => tcpChain(one, options));
  const forRequests =
    requests === undefined
      ? []
      : [
          {
            json: plainHttpChain({ name: requests.routes }, name, {
              ...options,
              grpcWeb: requests.grpcWeb,
            }),
            parts: requests.parts,
          },
        ];
  const { json, chains: made } = chainsWithRest([...closed, ...forRequests], rest);
  const listenerFilters = [
    ...(chains.some(({ chain }) => chain.serverNames.length > 0) ? [tlsInspector()] : []),
    ...(requests === undefined ? [] : [httpInspector()]),
  ];
  return { json: { ...json, listenerFilters }, chains: made };
}

interface ListenerContext {
  readonly place: OutboundPlace;
  readonly name: string;
  readonly options: OutboundListenerOptions;
}

/** Takes connections to the very port of `virtualOutbound`, which would be sent to itself for ever. */
const LOOP_CHAIN: FilterChainJson = {
  name: "virtualOutbound-blackhole",
  filterChainMatch: { destinationPort: VIRTUAL_OUTBOUND_PORT },
  filters: [
    tcpProxy({
      statPrefix: BLACK_HOLE_CLUSTER,
      target: { cluster: BLACK_HOLE_CLUSTER },
      accessLog: [],
      connections: DEFAULT_CONNECTIONS,
    }),
  ],
};

/** A server that speaks first is heard after this time where requests and other bytes have to be told apart. */
const INSPECTION_TIMEOUT = "1s";

/** The ways of connections to addresses that no service has. */
function catchAllChains(options: OutboundListenerOptions): Partial<ListenerJson> {
  const { cluster, requestCluster } = options.unknown;
  const bytes: FilterChainJson = {
    name: "virtualOutbound-catchall-tcp",
    filters: [
      tcpProxy({
        statPrefix: cluster,
        target: { cluster },
        accessLog: [...options.connectionLog],
        connections: options.connections,
      }),
    ],
  };
  if (requestCluster === cluster) return { filterChains: [LOOP_CHAIN, bytes] };
  const virtualHosts = [catchAllHost(options.unknown, options.headers)];
  const inline = { virtualHosts, validateClusters: false };
  const requests = plainHttpChain({ inline }, VIRTUAL_OUTBOUND, options);
  return {
    filterChains: [LOOP_CHAIN, { name: "virtualOutbound-catchall-http", ...requests }],
    defaultFilterChain: bytes,
    listenerFilters: [httpInspector()],
    listenerFiltersTimeout: INSPECTION_TIMEOUT,
    continueOnListenerFiltersTimeout: true,
  };
}

/** The listener to which the kernel redirects all outbound connections; it hands them on by their destination. */
export function virtualOutboundListener(options: OutboundListenerOptions): MadeListener {
  const json: ListenerJson = {
    ...listenAt({ address: ANY_ADDRESS, port: VIRTUAL_OUTBOUND_PORT }, options.families),
    name: VIRTUAL_OUTBOUND,
    useOriginalDst: true,
    ...catchAllChains(options),
    trafficDirection: "OUTBOUND",
    maxConnectionsToAcceptPerSocketEvent: CONNECTIONS_PER_EVENT,
    ...(options.listenerLog.length > 0 ? { accessLog: [...options.listenerLog] } : {}),
  };
  return { json, chains: [] };
}

/** The chain of an HTTP proxy: applications call through it, also by CONNECT. */
function proxyChain(routes: Routes, listener: string, options: RequestOptions): FilterChainJson {
  return { filters: [requestFilter(routes, listener, { ...options, side: PROXY_SIDE })] };
}

/** An HTTP proxy for a sidecar's application. */
export function httpProxyListener(
  place: ListenerAddress,
  options: OutboundListenerOptions,
): MadeListener {
  const at = listenAt(place);
  const json: ListenerJson = {
    ...at,
    filterChains: [proxyChain({ name: HTTP_PROXY_ROUTE }, at.name, options)],
    trafficDirection: "OUTBOUND",
  };
  return { json, chains: [] };
}
