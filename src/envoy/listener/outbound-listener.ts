/** The outbound listeners of a sidecar. */
import type { MeshConfig } from "../../config/mesh-config.js";
import { cidrRange } from "../address.js";
import type {
  AccessLogJson,
  FilterChainJson,
  FilterChainMatchJson,
  FilterJson,
  ListenerJson,
} from "../api.js";
import {
  type HttpConnectionManagerOptions,
  httpConnectionManager,
  OUTBOUND_SIDE,
  type Routes,
} from "../http-connection-manager.js";
import { httpFilters } from "../http-filters.js";
import {
  BLACK_HOLE_CLUSTER,
  HTTP_PROXY_ROUTE,
  PASSTHROUGH_CHAIN,
  VIRTUAL_OUTBOUND,
  VIRTUAL_OUTBOUND_PORT,
} from "../names.js";
import { httpInspector, offerTcpAlpn, tcpProxy, tlsInspector } from "../network-filters.js";
import { catchAllHost } from "../route/virtual-host.js";
import { proxiedUnknown, type UnknownHosts } from "../unknown-hosts.js";
import { ANY_ADDRESS, CONNECTIONS_PER_EVENT, type ListenerAddress, listenAt } from "./address.js";
import type { OutboundClaim, TcpChain } from "./outbound-claim.js";

/** What all outbound listeners of a proxy have in common. */
export interface OutboundListenerOptions {
  readonly accessLog: readonly AccessLogJson[];
  /** The log of connections that no chain takes. */
  readonly listenerLog: readonly AccessLogJson[];
  readonly pathNormalization: MeshConfig["pathNormalization"]["normalization"];
  /** How long bytes are waited for by which protocols are told apart; `0s` is for ever. */
  readonly detectionTimeout: string;
  readonly unknown: UnknownHosts;
  /** Connections are redirected to the proxy. */
  readonly captured: boolean;
  /** Those on every address are for both families of addresses. */
  readonly dualStack: boolean;
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

/** How requests come in, and which of them go to hosts that Envoy looks up by name. */
type RequestHandling = Pick<HttpConnectionManagerOptions, "side"> & {
  readonly forwardProxy: boolean;
};

/** What takes the requests of a listener. */
function requestFilter(
  routes: Routes,
  listener: string,
  { side, forwardProxy, ...options }: OutboundListenerOptions & RequestHandling,
): FilterJson {
  return httpConnectionManager({
    statPrefix: `outbound_${listener};`,
    routes,
    filters: httpFilters({ forwardProxy, onDemand: options.onDemand && "name" in routes }),
    accessLog: [...options.accessLog],
    pathNormalization: options.pathNormalization,
    side,
  });
}

function httpChain(
  routes: Routes,
  listener: string,
  options: OutboundListenerOptions,
): FilterChainJson {
  const forwardProxy = options.unknown.mode === "ALLOW_ANY_DYNAMIC_DNS";
  return {
    filters: [requestFilter(routes, listener, { ...options, side: OUTBOUND_SIDE, forwardProxy })],
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
function tcpChain(
  { chain, mixed }: ChosenChain,
  { accessLog, onDemand }: OutboundListenerOptions,
): FilterChainJson {
  const { clusters } = chain.target;
  const only = clusters.length === 1 ? clusters[0] : undefined;
  const match = chainMatch(chain);
  return {
    ...(Object.keys(match).length > 0 ? { filterChainMatch: match } : {}),
    filters: [
      ...(mixed ? [offerTcpAlpn()] : []),
      tcpProxy({
        statPrefix: only?.name ?? clusters[0]?.name ?? BLACK_HOLE_CLUSTER,
        target:
          only === undefined
            ? clusters.length === 0
              ? { cluster: BLACK_HOLE_CLUSTER }
              : { weighted: clusters }
            : { cluster: only.name },
        way: chain.target.way,
        accessLog: [...accessLog],
        onDemand,
      }),
    ],
    transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
  };
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
        accessLog: cluster === BLACK_HOLE_CLUSTER ? [] : [...options.accessLog],
      }),
    ],
  };
}

/**
 * Chains, and one for what none of them takes. Beside others that has to be the listener's default: Envoy looks at one
 * condition after the other and never goes back, so bytes would be lost to a chain that is for HTTP in plaintext.
 */
function chainsWithRest(
  filterChains: FilterChainJson[],
  rest: FilterChainJson,
): Pick<ListenerJson, "filterChains" | "defaultFilterChain"> {
  return filterChains.length === 0
    ? { filterChains: [rest] }
    : { filterChains, defaultFilterChain: rest };
}

/** Whether a chain takes every connection that no other chain takes. */
const takesAnything = (chain: TcpChain): boolean =>
  chain.serverNames.length === 0 && chain.prefixes.length === 0;

interface ChosenChain {
  readonly chain: TcpChain;
  readonly mixed: boolean;
}

/** Stands for a condition that a chain does not make. */
const ANY = "";

const orAny = (values: readonly string[]): readonly string[] =>
  values.length === 0 ? [ANY] : values;

/**
 * The claim that says what becomes of requests. A listener on every address is there for all HTTP of its port, so the first
 * says it; at an address of its own a service of undeclared protocol comes before HTTP, which it can carry.
 */
function requestClaim(
  claims: readonly OutboundClaim[],
  { address }: ListenerAddress,
): OutboundClaim | undefined {
  const carrying = claims.filter(({ routes }) => routes !== undefined);
  const sniffed = carrying.find(({ chains }) => chains.length > 0);
  return address === ANY_ADDRESS ? carrying[0] : (sniffed ?? carrying[0]);
}

/**
 * The chains that can stand side by side: of those with the same conditions the first counts. Where services of undeclared
 * protocol share an address, bytes that are not HTTP belong to the one that also says what becomes of requests. See Istio,
 * ListenerBuilder.buildSidecarOutboundListener.
 */
function chooseChains(
  claims: readonly OutboundClaim[],
  requests: OutboundClaim | undefined,
): readonly ChosenChain[] {
  const candidates = claims
    .filter((claim) => claim.routes === undefined || claim === requests)
    .flatMap(({ chains, routes }) =>
      chains.map((chain) => ({ chain, mixed: routes !== undefined })),
    );
  const taken = new Set<string>();
  return candidates.flatMap(({ chain, mixed }) => {
    const free = freeConditions(chain, taken);
    return free === undefined ? [] : [{ chain: { ...chain, ...free }, mixed }];
  });
}

/** Takes those of a chain's conditions that no other chain has taken; undefined when none is left. */
function freeConditions(
  { serverNames, prefixes }: TcpChain,
  taken: Set<string>,
): Pick<TcpChain, "serverNames" | "prefixes"> | undefined {
  const isFree = (name: string, prefix: string): boolean => !taken.has(`${name}|${prefix}`);
  const blocks = orAny(prefixes);
  const names = orAny(serverNames);
  const [only = ANY] = names;
  const freeBlocks = names.length > 1 ? blocks : blocks.filter((block) => isFree(only, block));
  const freeNames = names.filter((name) => freeBlocks.every((block) => isFree(name, block)));
  if (freeNames.length === 0 || freeBlocks.length === 0) return undefined;
  for (const name of freeNames) for (const block of freeBlocks) taken.add(`${name}|${block}`);
  const isSaid = (condition: string): boolean => condition !== ANY;
  return { serverNames: freeNames.filter(isSaid), prefixes: freeBlocks.filter(isSaid) };
}

const isOpen = ({ chain }: ChosenChain): boolean => takesAnything(chain);

/** Where a listener stands, and what becomes of connections that none of its services claims. */
export interface OutboundPlace {
  readonly at: ListenerAddress;
  /** false: the listener only gets connections that were redirected to `virtualOutbound`. */
  readonly bind: boolean;
  /** The cluster of connections that none of them claims. */
  readonly unclaimed: string;
}

/** The listener that all these claims share; undefined when none of them says anything. */
export function outboundListener(
  claims: readonly OutboundClaim[],
  place: OutboundPlace,
  options: OutboundListenerOptions,
): ListenerJson | undefined {
  const ordered = inOrder(claims);
  const requests = requestClaim(ordered, place.at);
  const chains = chooseChains(ordered, requests);
  if (requests === undefined && chains.length === 0) return undefined;
  const where = listenAt(place.at, options.dualStack);
  return {
    ...where,
    ...(chains.length === 0 && place.at.address !== ANY_ADDRESS
      ? onlyRequests(requests, where.name, options)
      : toldApart(chains, requests, { place, name: where.name, options })),
    listenerFiltersTimeout: requests === undefined ? "0s" : options.detectionTimeout,
    continueOnListenerFiltersTimeout: true,
    trafficDirection: "OUTBOUND",
    ...(place.bind ? {} : { bindToPort: false }),
  };
}

/** Those that count on a listener, the one that wins first. */
function inOrder(claims: readonly OutboundClaim[]): readonly OutboundClaim[] {
  const own = claims.filter((claim) => claim.own === true);
  return [...(own.length > 0 ? own : claims)].sort((a, b) => (a.order < b.order ? -1 : 1));
}

/** At an address that is there for HTTP alone nothing has to be told apart. */
function onlyRequests(
  { routes: name = "", proxied }: Partial<OutboundClaim> = {},
  listener: string,
  options: OutboundListenerOptions,
): Pick<ListenerJson, "filterChains"> {
  const chain = proxied === true ? proxyChain : httpChain;
  return { filterChains: [chain({ name }, listener, options)] };
}

/** Requests and bytes, told apart by how they begin, and bytes by where they are meant to go. */
function toldApart(
  chains: readonly ChosenChain[],
  requests: OutboundClaim | undefined,
  { place, name, options }: ListenerContext,
): Partial<ListenerJson> {
  const routes = requests?.routes;
  const open = chains.find(isOpen);
  const rest =
    open === undefined ? passthroughChain(options, place.unclaimed) : tcpChain(open, options);
  const filterChains = [
    ...chains.filter((one) => !isOpen(one)).map((one) => tcpChain(one, options)),
    ...(routes === undefined ? [] : [plainHttpChain({ name: routes }, name, options)]),
  ];
  return {
    ...chainsWithRest(filterChains, rest),
    listenerFilters: [
      ...(chains.some(({ chain }) => chain.serverNames.length > 0) ? [tlsInspector()] : []),
      ...(routes === undefined ? [] : [httpInspector()]),
    ],
  };
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
      tcpProxy({ statPrefix: cluster, target: { cluster }, accessLog: [...options.accessLog] }),
    ],
  };
  if (requestCluster === cluster) return { filterChains: [LOOP_CHAIN, bytes] };
  const virtualHosts = [catchAllHost(options.unknown)];
  const requests = plainHttpChain({ inline: { virtualHosts } }, VIRTUAL_OUTBOUND, options);
  return {
    filterChains: [LOOP_CHAIN, { name: "virtualOutbound-catchall-http", ...requests }],
    defaultFilterChain: bytes,
    listenerFilters: [httpInspector()],
    listenerFiltersTimeout: INSPECTION_TIMEOUT,
    continueOnListenerFiltersTimeout: true,
  };
}

/** The listener to which the kernel redirects all outbound connections; it hands them on by their destination. */
export function virtualOutboundListener(options: OutboundListenerOptions): ListenerJson {
  return {
    ...listenAt({ address: ANY_ADDRESS, port: VIRTUAL_OUTBOUND_PORT }, options.dualStack),
    name: VIRTUAL_OUTBOUND,
    useOriginalDst: true,
    ...catchAllChains(options),
    trafficDirection: "OUTBOUND",
    maxConnectionsToAcceptPerSocketEvent: CONNECTIONS_PER_EVENT,
    ...(options.listenerLog.length > 0 ? { accessLog: [...options.listenerLog] } : {}),
  };
}

/** The chain of an HTTP proxy: applications call through it, also by CONNECT. */
function proxyChain(
  routes: Routes,
  listener: string,
  options: OutboundListenerOptions,
): FilterChainJson {
  const forwardProxy = proxiedUnknown(options.unknown, options.captured).mode !== "REGISTRY_ONLY";
  const side = { ...OUTBOUND_SIDE, upgradeConfigs: [{ upgradeType: "CONNECT" }] };
  return { filters: [requestFilter(routes, listener, { ...options, side, forwardProxy })] };
}

/** An HTTP proxy for a sidecar's application. */
export function httpProxyListener(
  place: ListenerAddress,
  options: OutboundListenerOptions,
): ListenerJson {
  const at = listenAt(place);
  return {
    ...at,
    filterChains: [proxyChain({ name: HTTP_PROXY_ROUTE }, at.name, options)],
    trafficDirection: "OUTBOUND",
  };
}
