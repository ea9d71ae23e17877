/** The listeners of a gateway: one for each port, with the servers of all Gateways that use it. */
import { compareText } from "../../base/text/compare-text.js";
import { serverPort } from "../../config/kinds/networking/gateway.js";
import type { GatewayTopology } from "../../config/mesh-config/mesh-config-schema.js";
import { type GatewayServer, parseServerHost, serverPart } from "../../mesh/gateway/gateway.js";
import { isSubsetOf } from "../../mesh/hostname.js";
import { isOfGatewayApi, isOfTlsRoute } from "../../mesh/made-of.js";
import type { AddressFamilies } from "../../mesh/proxy/proxy.js";
import type { VirtualService } from "../../mesh/routing/virtual-service.js";
import { isHttp } from "../../mesh/service/protocol.js";
import type { FilterChainJson, FilterJson, ListenerJson } from "../api.js";
import {
  type ConnectionManagerSettings,
  gatewaySide,
  httpConnectionManager,
} from "../filter/http-connection-manager.js";
import { offerTcpAlpn, proxyProtocol, tcpProxy, tlsInspector } from "../filter/network-filters.js";
import type { SecurityFilters } from "../filter/security-filters.js";
import { type ClusterKey, sniOf } from "../names.js";
import { boundTo, gatewayRouteName } from "../route/gateway-route.js";
import type { PerRouteFilters } from "../route/per-route-filters.js";
import type { ListenerLogs } from "../telemetry/listener-logs.js";
import { gatewayTls, terminatesTls } from "../tls/gateway-tls.js";
import { MESH_ANY_ALPN, type ServerTlsPolicy, tlsSocket } from "../tls/mutual-tls.js";
import { balancing, CONNECTIONS_PER_EVENT, type ListenerAddress, listenAt } from "./address.js";
import { TRANSPORT_SOCKET_TIMEOUT } from "./filter-chain.js";
import {
  type ChainContext,
  serverNamesOf,
  type TcpChain,
  tcpChains,
  tlsChains,
} from "./l4-chains.js";
import { chainParts, chainsJson, type MadeChain, type MadeListener } from "./made-chain.js";
import { lookUpFilter } from "./tcp-target.js";

/** What all listeners of a gateway have in common. */
export interface GatewayListenerOptions extends ConnectionManagerSettings, ListenerLogs {
  /** The proxies in front of the gateway. */
  readonly topology: GatewayTopology | undefined;
  readonly tls: ServerTlsPolicy;
  readonly security: Pick<SecurityFilters, "http" | "network">;
  readonly virtualServices: (gatewayKey: string) => readonly VirtualService[];
  /** The gateway's own. */
  readonly namespace: string;
  readonly chains: ChainContext;
  readonly families: AddressFamilies;
  readonly filters: PerRouteFilters;
  /** The gateway, and all that it calls, is on one machine. */
  readonly onLoopback: boolean;
  /** The clusters to which servers of mode AUTO_PASSTHROUGH may pass mutual TLS on. */
  readonly passed: readonly ClusterKey[];
}

/** The server names by which a server's chain is chosen; none when it serves every name. */
function serverNames({ gateway, server }: GatewayServer): readonly string[] {
  const { namespace } = gateway.metadata;
  return serverNamesOf(server.hosts.map((one) => parseServerHost(one, namespace).host));
}

/** The prefix of the statistics of a server's requests: its name. Servers in plaintext share one. See Istio, Server.name. */
function statPrefix(
  { server: { name = "" }, protocol }: GatewayServer,
  at: ListenerAddress,
  { families }: GatewayListenerOptions,
): string {
  const isNamed = name !== "" && !isHttp(protocol);
  return isNamed ? name : `outbound_${listenAt(at, families).name};`;
}

function httpFilter(
  routes: string,
  one: GatewayServer,
  at: ListenerAddress,
  options: GatewayListenerOptions,
): FilterJson {
  return httpConnectionManager(
    {
      statPrefix: statPrefix(one, at, options),
      routes: { name: routes },
      filters: {
        security: options.security.http,
        perRoute: options.filters.get(routes),
        grpcWeb: one.protocol === "GRPC-Web",
      },
      side: gatewaySide(options.topology),
    },
    options,
  );
}

function tlsFields(one: GatewayServer, options: GatewayListenerOptions): Partial<FilterChainJson> {
  const { server } = one;
  if (server.tls === undefined || !terminatesTls(server)) return {};
  return { transportSocket: tlsSocket({ downstream: gatewayTls(server.tls, options.tls) }) };
}

function sniMatch(names: readonly string[]): Partial<FilterChainJson> {
  return names.length === 0 ? {} : { filterChainMatch: { serverNames: [...names] } };
}

function tcpFilters(chain: TcpChain, options: GatewayListenerOptions): FilterJson[] {
  const { clusters } = chain.target;
  const only = clusters.length === 1 ? clusters[0] : undefined;
  return [
    ...options.security.network,
    offerTcpAlpn(),
    ...lookUpFilter(chain.target, options),
    tcpProxy({
      statPrefix: clusters[0]?.name ?? "",
      target: only === undefined ? { weighted: clusters } : { cluster: only.name },
      way: chain.target.way,
      accessLog: [...options.connectionLog],
      connections: options.connections,
    }),
  ];
}

/** A chain, and the names that are said for it beside any name. */
interface NamedChain extends MadeChain {
  readonly otherNames?: readonly string[];
}

/**
 * VirtualServices of which those that are made of routes of the Gateway API are in the order of these: the older one first, then
 * by namespace and name, whether they are TLSRoutes or TCPRoutes.
 */
function routesByAge(bound: readonly VirtualService[]): readonly VirtualService[] {
  const isMade = ({ resource }: VirtualService): boolean => isOfGatewayApi(resource);
  const bornAt = ({ resource }: VirtualService): string =>
    resource.metadata.creationTimestamp ?? "";
  const made = bound
    .filter(isMade)
    .sort(
      (a, b) =>
        compareText(bornAt(a), bornAt(b)) ||
        compareText(a.source.namespace, b.source.namespace) ||
        compareText(a.source.name, b.source.name),
    )
    .values();
  return bound.map((one) => (isMade(one) ? (made.next().value ?? one) : one));
}

/**
 * The chains of a server whose connections are passed on as bytes: TLS that goes on as it is by the TLS routes and their
 * server names, all else by the TCP routes. See Istio, TLSRoute, "unterminated TLS".
 */
function l4Chains(one: GatewayServer, options: GatewayListenerOptions): readonly NamedChain[] {
  const port = serverPort(one.server);
  const passesTls = one.server.tls !== undefined && !terminatesTls(one.server);
  const context: ChainContext = { ...options.chains, gateways: [one.gatewayKey] };
  const candidates = options.virtualServices(one.gatewayKey);
  const bound = routesByAge(boundTo(one, candidates, options.namespace));
  const chains = bound.flatMap((virtualService) =>
    (passesTls || isOfTlsRoute(virtualService.resource) ? tlsChains : tcpChains)(
      virtualService,
      port,
      context,
    ),
  );
  // Without TLS there is no name to tell hosts apart by.
  const names = one.server.tls === undefined ? [] : serverNames(one);
  return chains
    .filter(({ target }) => target.clusters.length > 0)
    .map((chain) => ({
      json: {
        ...sniMatch(passesTls || chain.serverNames.length > 0 ? chain.serverNames : names),
        filters: tcpFilters(chain, options),
        transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
        ...tlsFields(one, options),
      },
      parts: [serverPart(one), chain.part],
      ...(passesTls ? { otherNames: chain.otherNames ?? [] } : {}),
    }));
}

/** The clusters to which a server passes connections on: none unless its mode is AUTO_PASSTHROUGH. */
export function passedTo(
  { gateway, server }: GatewayServer,
  keys: readonly ClusterKey[],
): readonly ClusterKey[] {
  if (server.tls?.mode !== "AUTO_PASSTHROUGH") return [];
  const hosts = server.hosts.map((one) => parseServerHost(one, gateway.metadata.namespace).host);
  return keys.filter(({ hostname }) => hosts.some((host) => isSubsetOf(hostname, host)));
}

/**
 * A chain for each service, chosen by the name under which sidecars call it; only mutual TLS of the mesh is taken. Policies
 * of the gateway are not asked: who calls is known to the servers alone.
 */
function passingChains(one: GatewayServer, options: GatewayListenerOptions): readonly MadeChain[] {
  return passedTo(one, options.passed).map((key) => {
    const name = sniOf(key);
    const json: FilterChainJson = {
      filterChainMatch: { serverNames: [name], applicationProtocols: [...MESH_ANY_ALPN] },
      filters: [
        tcpProxy({
          statPrefix: name,
          target: { cluster: name },
          accessLog: [...options.connectionLog],
          connections: options.connections,
        }),
      ],
      transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
    };
    return { json, parts: [serverPart(one)] };
  });
}

/** The chains of one of the servers that share a port. */
function serverChains(
  one: GatewayServer,
  servers: readonly GatewayServer[],
  at: ListenerAddress,
  options: GatewayListenerOptions,
): readonly NamedChain[] {
  if (one.server.tls?.mode === "AUTO_PASSTHROUGH") return passingChains(one, options);
  const routes = gatewayRouteName(one);
  if (routes === undefined) return l4Chains(one, options);
  const encrypted = !isHttp(one.protocol);
  const json = {
    ...(encrypted ? sniMatch(serverNames(one)) : {}),
    filters: [httpFilter(routes, one, at, options)],
    transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
    ...(encrypted ? tlsFields(one, options) : {}),
  };
  // Those in plaintext have one table and one chain together.
  const sharing = servers.filter((other) => gatewayRouteName(other) === routes);
  return [{ json, parts: sharing.map(serverPart) }];
}

/**
 * Of chains that match the same connections the first one counts: Envoy refuses a listener that has both. A chain that passes TLS on
 * is left out as a whole, as in Istio, whatever other server names it has, and so it is where it asks for any name beside some.
 */
function distinct(chains: readonly NamedChain[]): readonly MadeChain[] {
  const taken = new Set<string>();
  return chains.flatMap(({ otherNames = [], ...chain }) => {
    const { json, parts } = chain;
    const names = [...(json.filterChainMatch?.serverNames ?? [""]), ...otherNames];
    const free = names.filter((name) => !taken.has(name));
    const isWhole = free.length === names.length;
    if (free.length === 0 || (json.transportSocket === undefined && !isWhole)) return [];
    for (const name of free) taken.add(name);
    if (isWhole) return [chain];
    const filterChainMatch = { ...json.filterChainMatch, serverNames: free };
    return [{ json: { ...json, filterChainMatch }, parts }];
  });
}

/** The listener of the servers that share a port; undefined when nothing would be served on it. */
export function gatewayListener(
  servers: readonly GatewayServer[],
  at: ListenerAddress,
  options: GatewayListenerOptions,
): MadeListener | undefined {
  const chains = distinct(servers.flatMap((one) => serverChains(one, servers, at, options)));
  if (chains.length === 0) return undefined;
  const filterChains = chainsJson(chains);
  const byName = filterChains.some(({ filterChainMatch }) => filterChainMatch !== undefined);
  const encrypted = filterChains.some(({ transportSocket }) => transportSocket !== undefined);
  const listenerFilters = [
    // The PROXY protocol's header comes before all other bytes.
    ...(options.topology?.proxyProtocol === undefined ? [] : [proxyProtocol()]),
    ...(byName || encrypted ? [tlsInspector()] : []),
  ];
  const json: ListenerJson = {
    ...listenAt(at, options.families),
    filterChains,
    // A client from outside that never sends its ClientHello is let go after Envoy's own time.
    ...(listenerFilters.length > 0 ? { listenerFilters } : {}),
    maxConnectionsToAcceptPerSocketEvent: CONNECTIONS_PER_EVENT,
    trafficDirection: "OUTBOUND",
    ...balancing(options.connections),
    ...(options.listenerLog.length > 0 ? { accessLog: [...options.listenerLog] } : {}),
  };
  return { json, chains: chainParts(chains) };
}
