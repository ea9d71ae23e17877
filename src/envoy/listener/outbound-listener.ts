/** The outbound listeners of a sidecar. */
import type { MeshConfig } from "../../config/mesh-config.js";
import { cidrRange } from "../address.js";
import type { AccessLogJson, FilterChainJson, FilterChainMatchJson, ListenerJson } from "../api.js";
import { httpConnectionManager, OUTBOUND_SIDE, type Routes } from "../http-connection-manager.js";
import { httpFilters } from "../http-filters.js";
import {
  BLACK_HOLE_CLUSTER,
  HTTP_PROXY_PORT,
  HTTP_PROXY_ROUTE,
  PASSTHROUGH_CHAIN,
  VIRTUAL_OUTBOUND,
  VIRTUAL_OUTBOUND_PORT,
} from "../names.js";
import { httpInspector, offerTcpAlpn, tcpProxy, tlsInspector } from "../network-filters.js";
import { catchAllHost } from "../route/virtual-host.js";
import type { UnknownHosts } from "../unknown-hosts.js";
import { ANY_ADDRESS, CONNECTIONS_PER_EVENT, type ListenerAddress, listenAt } from "./address.js";
import type { OutboundClaim, TcpChain } from "./outbound-claim.js";

/** What all outbound listeners of a proxy have in common. */
export interface OutboundListenerOptions {
  readonly accessLog: readonly AccessLogJson[];
  /** The log of connections that no chain takes. */
  readonly listenerLog: readonly AccessLogJson[];
  readonly pathNormalization: MeshConfig["pathNormalization"]["normalization"];
  readonly unknown: UnknownHosts;
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

function httpChain(
  routes: Routes,
  statPrefix: string,
  options: OutboundListenerOptions,
): FilterChainJson {
  return {
    filterChainMatch: PLAIN_HTTP,
    filters: [
      httpConnectionManager({
        statPrefix: `outbound_${statPrefix};`,
        routes,
        filters: httpFilters({
          forwardProxy: options.unknown.mode === "ALLOW_ANY_DYNAMIC_DNS",
          onDemand: options.onDemand && "name" in routes,
        }),
        accessLog: [...options.accessLog],
        pathNormalization: options.pathNormalization,
        side: OUTBOUND_SIDE,
      }),
    ],
    transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
  };
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

function unclaimedChain(
  { unclaimed }: OutboundPlace,
  options: OutboundListenerOptions,
): FilterChainJson | undefined {
  return unclaimed === undefined ? undefined : passthroughChain(options, unclaimed);
}

/**
 * Chains, and one for what none of them takes. Beside others that has to be the listener's default: Envoy looks at one
 * condition after the other and never goes back, so bytes would be lost to a chain that is for HTTP in plaintext.
 */
function chainsWithRest(
  filterChains: FilterChainJson[],
  rest: FilterChainJson | undefined,
): Pick<ListenerJson, "filterChains" | "defaultFilterChain"> {
  if (rest === undefined) return { filterChains };
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
 * The chains that can stand side by side: of those with the same conditions the first counts. Where several services of
 * undeclared protocol share an address, bytes that are not HTTP belong to none of them.
 */
function chooseChains(claims: readonly OutboundClaim[]): readonly ChosenChain[] {
  const ambiguous = claims.filter((claim) => claim.routes !== undefined).length > 1;
  const candidates = claims.flatMap(({ chains, routes }) =>
    chains
      .map((chain) => ({ chain, mixed: routes !== undefined }))
      .filter(({ chain, mixed }) => !(ambiguous && mixed && takesAnything(chain))),
  );
  const taken = new Set<string>();
  return candidates.flatMap(({ chain, mixed }) => {
    const prefixes = orAny(chain.prefixes);
    const conditionsOf = (name: string): readonly string[] =>
      prefixes.map((prefix) => `${name}|${prefix}`);
    const free = orAny(chain.serverNames).filter(
      (name) => !conditionsOf(name).some((condition) => taken.has(condition)),
    );
    if (free.length === 0) return [];
    for (const condition of free.flatMap(conditionsOf)) taken.add(condition);
    return [{ chain: { ...chain, serverNames: free.filter((name) => name !== ANY) }, mixed }];
  });
}

const isOpen = ({ chain }: ChosenChain): boolean => takesAnything(chain);

/** Where a listener stands, and what becomes of connections that none of its services claims. */
export interface OutboundPlace {
  readonly at: ListenerAddress;
  /** false: the listener only gets connections that were redirected to `virtualOutbound`. */
  readonly bind: boolean;
  /** The cluster of unclaimed connections; undefined where the address belongs to one service. */
  readonly unclaimed: string | undefined;
}

/** The listener that all these claims share; undefined when none of them says anything. */
export function outboundListener(
  claims: readonly OutboundClaim[],
  place: OutboundPlace,
  options: OutboundListenerOptions,
): ListenerJson | undefined {
  const ordered = [...claims].sort((a, b) => (a.order < b.order ? -1 : 1));
  const routes = ordered.find((claim) => claim.routes !== undefined)?.routes;
  const chains = chooseChains(ordered);
  if (routes === undefined && chains.length === 0) return undefined;
  const where = listenAt(place.at, options.dualStack);
  const open = chains.find(isOpen);
  const rest = open === undefined ? undefined : tcpChain(open, options);
  const filterChains = [
    ...chains.filter((one) => !isOpen(one)).map((one) => tcpChain(one, options)),
    ...(routes === undefined ? [] : [httpChain({ name: routes }, where.name, options)]),
  ];
  return {
    ...where,
    ...chainsWithRest(filterChains, rest ?? unclaimedChain(place, options)),
    listenerFilters: [
      ...(chains.some(({ chain }) => chain.serverNames.length > 0) ? [tlsInspector()] : []),
      ...(routes === undefined ? [] : [httpInspector()]),
    ],
    listenerFiltersTimeout: "0s",
    continueOnListenerFiltersTimeout: true,
    trafficDirection: "OUTBOUND",
    ...(place.bind ? {} : { bindToPort: false }),
  };
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
  const requests = httpChain({ inline: { virtualHosts } }, VIRTUAL_OUTBOUND, options);
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

/** The HTTP proxy of a sidecar that captures nothing: applications call through it, also by CONNECT. */
export function httpProxyListener(address: string, options: OutboundListenerOptions): ListenerJson {
  const at = listenAt({ address, port: HTTP_PROXY_PORT });
  return {
    ...at,
    filterChains: [
      {
        filters: [
          httpConnectionManager({
            statPrefix: `outbound_${at.name};`,
            routes: { name: HTTP_PROXY_ROUTE },
            filters: httpFilters({
              forwardProxy: options.unknown.mode !== "REGISTRY_ONLY",
              onDemand: options.onDemand,
            }),
            accessLog: [...options.accessLog],
            pathNormalization: options.pathNormalization,
            side: { ...OUTBOUND_SIDE, upgradeConfigs: [{ upgradeType: "CONNECT" }] },
          }),
        ],
      },
    ],
    trafficDirection: "OUTBOUND",
  };
}
