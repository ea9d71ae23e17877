/**
 * What the services ask of a sidecar's outbound listeners. A port of a service claims a place on one listener: HTTP shares
 * the listener of its port with all other HTTP, since requests name their host; other protocols have the service's own
 * address, or share the port and are told apart by server name.
 */
import ipaddr from "ipaddr.js";
import type { ResourceRef } from "../../config/resource.js";
import type { DestinationRule } from "../../mesh/destination-rule.js";
import { type HostResolver, resolveHost } from "../../mesh/host-resolver.js";
import { type Labels, selects } from "../../mesh/labels.js";
import { isTls, listenerProtocol } from "../../mesh/protocol.js";
import { isCalledByWorkload, type Service, type ServicePort } from "../../mesh/service.js";
import { type EgressListener, type EgressPort, leadsAnywhere } from "../../mesh/sidecar.js";
import { effectivePolicy } from "../../mesh/traffic-policy.js";
import { resolveGateway, type VirtualService } from "../../mesh/virtual-service.js";
import { defined } from "../defined.js";
import { goDuration } from "../duration.js";
import {
  type ClusterKey,
  outboundClusterName,
  proxyRouteName,
  VIRTUAL_INBOUND_PORT,
  VIRTUAL_OUTBOUND_PORT,
} from "../names.js";
import type { TcpWay } from "../network-filters.js";
import { ANY_ADDRESS } from "./address.js";

/** Where the bytes of a connection go. */
export interface TcpTarget {
  readonly clusters: readonly { readonly name: string; readonly weight: number }[];
  /** What rules say of the way there: of several clusters those for the first. */
  readonly way?: TcpWay;
}

/** One way through a listener for connections that are not HTTP. */
export interface TcpChain {
  /** Server names of TLS by which it is chosen; none means any connection. */
  readonly serverNames: readonly string[];
  /** CIDR blocks of the destination by which it is chosen. */
  readonly prefixes: readonly string[];
  readonly target: TcpTarget;
}

/** A port of a service on one listener. */
export interface OutboundClaim {
  readonly address: string;
  readonly port: number;
  /** The address that a Sidecar's listener names; undefined where it is that of the service, or any. */
  readonly bind?: string;
  /** Connections are addressed to it: it is bound also where others are only redirected to. */
  readonly bound?: boolean;
  /** The route configuration for its HTTP; undefined when it carries none. */
  readonly routes: string | undefined;
  /** Requests are for an HTTP proxy: they name the port, and may ask for a tunnel. */
  readonly proxied?: boolean;
  /** Of a Sidecar's listener for this port: those of the one for all others give way. */
  readonly own?: boolean;
  /** Ways for what is not HTTP. */
  readonly chains: readonly TcpChain[];
  readonly sources: readonly ResourceRef[];
  /** By which claims that exclude one another are ordered: the older service wins. See Istio, model.SortServicesByCreationTime. */
  readonly order: string;
}

/** What claims depend on beside the service. */
export interface ClaimContext {
  /** `mesh` for sidecars, else the key of the Gateway whose connections are routed. */
  readonly gateways: readonly string[];
  readonly resolver: HostResolver;
  /** Who calls; undefined at a gateway, where it is not asked for. */
  readonly source: { readonly namespace: string; readonly labels: Labels } | undefined;
  /** The rule that is applied to a host, if it may concern the way there. */
  readonly ruleOf: (hostname: string) => DestinationRule | undefined;
}

/** What a rule says of the way to a cluster. See Istio, TunnelSettings, ConsistentHashLB and TCPSettings. */
function wayTo({ port, subset }: ClusterKey, rule: DestinationRule | undefined): TcpWay {
  const { tunnel, loadBalancer, connectionPool } = effectivePolicy(rule?.spec, subset, port);
  const { idleTimeout, maxConnectionDuration } = connectionPool?.tcp ?? {};
  return {
    ...defined({
      tunnel,
      idleTimeout: goDuration(idleTimeout),
      maxConnectionDuration: goDuration(maxConnectionDuration),
    }),
    ...(loadBalancer?.consistentHash?.useSourceIp === true ? { bySourceIp: true } : {}),
  };
}

/** Clusters as a target; the first is there. */
function targetOf(
  targets: readonly { readonly key: ClusterKey; readonly weight: number }[],
  ruleOf: ClaimContext["ruleOf"],
): TcpTarget {
  const clusters = targets.map(({ key, weight }) => ({ name: outboundClusterName(key), weight }));
  const [first] = targets;
  if (first === undefined) return { clusters };
  // What one subset says is not for the others.
  const subset = targets.length === 1 ? first.key.subset : "";
  const way = wayTo({ ...first.key, subset }, ruleOf(first.key.hostname));
  return Object.keys(way).length > 0 ? { clusters, way } : { clusters };
}

/** The whole of a service's port as a target; from a socket, which has no number, that of its only port. */
function wholePort(
  { hostname, ports }: Service,
  { number }: ServicePort,
  { ruleOf }: Pick<ClaimContext, "ruleOf">,
): TcpTarget {
  const only = ports.length === 1 ? ports[0]?.number : undefined;
  const port = number === 0 ? (only ?? number) : number;
  return targetOf([{ key: { port, subset: "", hostname }, weight: 1 }], ruleOf);
}

type L4Route = NonNullable<VirtualService["spec"]["tcp"]>[number];

function routeTarget(
  route: Pick<L4Route, "route">,
  virtualService: VirtualService,
  listenPort: number,
  { resolver, ruleOf }: ClaimContext,
): TcpTarget {
  const destinations = route.route ?? [];
  const targets = destinations
    .filter(({ weight }) => destinations.length === 1 || (weight ?? 0) > 0)
    .map(({ destination, weight }) => {
      const hostname = resolveHost(destination.host, virtualService.namespace, resolver);
      const port =
        destination.port?.number ?? virtualService.singlePorts.get(hostname) ?? listenPort;
      const key = { hostname, port, subset: destination.subset ?? "" };
      return { key, weight: Math.max(1, weight ?? 1) };
    });
  return targetOf(targets, ruleOf);
}

/** The conditions of TCP and TLS matches that do not depend on the connection. */
interface StaticMatch {
  readonly port?: number | undefined;
  readonly sourceLabels?: Labels | undefined;
  readonly sourceNamespace?: string | undefined;
  readonly gateways?: readonly string[] | undefined;
}

function applies(
  match: StaticMatch,
  { namespace }: VirtualService,
  port: number,
  { source, gateways }: ClaimContext,
): boolean {
  const wanted = match.gateways ?? [];
  const atGateway =
    wanted.length === 0 ||
    wanted.some((gateway) => gateways.includes(resolveGateway(gateway, namespace)));
  const onPort = match.port === undefined || match.port === 0 || match.port === port;
  return atGateway && onPort && isFrom(match, source);
}

function isFrom(
  { sourceNamespace = "", sourceLabels = {} }: StaticMatch,
  source: ClaimContext["source"],
): boolean {
  if (source === undefined) return true;
  const inNamespace = sourceNamespace === "" || sourceNamespace === source.namespace;
  return inNamespace && selects(sourceLabels, source.labels);
}

/** The chains of a VirtualService's TLS routes for a port. See Istio, TLSRoute. */
export function tlsChains(
  virtualService: VirtualService,
  port: number,
  context: ClaimContext,
): readonly TcpChain[] {
  return (virtualService.spec.tls ?? []).flatMap((route) =>
    route.match
      .filter((match) => applies(match, virtualService, port, context))
      .map((match) => ({
        serverNames: match.sniHosts,
        prefixes: match.destinationSubnets ?? [],
        target: routeTarget(route, virtualService, port, context),
      })),
  );
}

/** The chains of a VirtualService's TCP routes for a port; what stands behind one without conditions is never reached. */
export function tcpChains(
  virtualService: VirtualService,
  port: number,
  context: ClaimContext,
): readonly TcpChain[] {
  const chains: TcpChain[] = [];
  for (const route of virtualService.spec.tcp ?? []) {
    const matches = route.match ?? [];
    const target = routeTarget(route, virtualService, port, context);
    if (matches.length === 0) return [...chains, { serverNames: [], prefixes: [], target }];
    for (const match of matches) {
      if (!applies(match, virtualService, port, context)) continue;
      const prefixes = match.destinationSubnets ?? [];
      chains.push({ serverNames: [], prefixes, target });
      if (prefixes.length === 0) return chains;
    }
  }
  return chains;
}

/** A CIDR block without the bits that say nothing: Envoy refuses two chains for one block. */
function networkOf(cidr: string): string {
  const [, length = ""] = cidr.split("/");
  const family = cidr.includes(":") ? ipaddr.IPv6 : ipaddr.IPv4;
  return `${family.networkAddressFromCIDR(cidr).toString()}/${length}`;
}

/** Where connections to a service are taken: at an address, those perhaps that are meant for some blocks alone. */
interface ClaimedPlace {
  readonly address: string;
  readonly prefixes: readonly string[];
}

/** The places of a service: each of its addresses, and one for all of its blocks of addresses. */
function placesOf(
  { addresses }: Service,
  podAddresses: readonly string[] | undefined,
): readonly ClaimedPlace[] {
  if (podAddresses !== undefined) {
    return podAddresses.map((address) => ({ address, prefixes: [] }));
  }
  const blocks = addresses.filter((one) => one.includes("/")).map(networkOf);
  const single = addresses.filter((one) => !one.includes("/"));
  const places = single.map((address) => ({ address, prefixes: [] }));
  if (blocks.length === 0 && places.length > 0) return places;
  return [...places, { address: ANY_ADDRESS, prefixes: [...new Set(blocks)] }];
}

/** A service on a wildcard address is known by its server name alone, if it has TLS. */
function defaultChain(
  service: Service,
  port: ServicePort,
  { address, prefixes }: ClaimedPlace,
  context: ClaimContext,
): TcpChain {
  const byName = isTls(port.protocol) && address === ANY_ADDRESS;
  return {
    serverNames: byName ? [service.hostname] : [],
    prefixes,
    target: wholePort(service, port, context),
  };
}

/**
 * The chains that VirtualServices make for a port: of one with TLS those of their TLS routes, of another those of their TCP
 * routes, up to the first that takes every connection.
 */
function routedChains(
  virtualServices: readonly VirtualService[],
  { protocol, number }: ServicePort,
  context: ClaimContext,
): readonly TcpChain[] {
  if (isTls(protocol)) return virtualServices.flatMap((one) => tlsChains(one, number, context));
  const chains = virtualServices.flatMap((one) => tcpChains(one, number, context));
  const open = chains.findIndex(({ prefixes }) => prefixes.length === 0);
  return open < 0 ? chains : chains.slice(0, open + 1);
}

/** Connections that no route takes go to the service itself, but for those with TLS: they name some other server. */
function chainsOf(
  service: Service,
  port: ServicePort,
  place: ClaimedPlace,
  routing: {
    readonly virtualServices: readonly VirtualService[];
    readonly context: ClaimContext;
  },
): readonly TcpChain[] {
  const routed = routedChains(routing.virtualServices, port, routing.context);
  const isComplete = isTls(port.protocol)
    ? routed.length > 0
    : routed.some(({ prefixes }) => prefixes.length === 0);
  const placed = routed.map((chain) =>
    chain.prefixes.length === 0 ? { ...chain, prefixes: place.prefixes } : chain,
  );
  return isComplete ? placed : [...placed, defaultChain(service, port, place, routing.context)];
}

/** What decides where the listeners of a service are. */
export interface ClaimPlacing {
  /** Where a service is called that callers know by the addresses of its workloads; undefined of others. */
  readonly podAddresses: readonly string[] | undefined;
  /** The listener of a Sidecar on which callers reach it. */
  readonly egress: EgressListener | undefined;
}

const LOCALHOST = "127.0.0.1";

/** The ports of the two listeners to which captured connections are redirected, on every address. */
const RESERVED_PORTS: ReadonlySet<number> = new Set([VIRTUAL_OUTBOUND_PORT, VIRTUAL_INBOUND_PORT]);

/** The one address of a Sidecar's listener; undefined where the addresses of the services decide. */
const placeOf = (egress: EgressListener | undefined): string | undefined =>
  egress?.bind ?? (egress?.bound === true ? LOCALHOST : undefined);

/** The ports of a service as a listener carries them. */
function portsOn({ ports }: Service, port: EgressPort | undefined): readonly ServicePort[] {
  if (port === undefined) return ports;
  const { number, protocol } = port;
  if (leadsAnywhere(port)) return [{ number, name: "", protocol, targetPort: number }];
  return ports.filter((one) => one.number === number).map((one) => ({ ...one, protocol }));
}

/** The claims of a service: for each port, and each of its addresses where the protocol needs an address. */
export function outboundClaims(
  service: Service,
  virtualServices: readonly VirtualService[],
  context: ClaimContext,
  { podAddresses, egress }: ClaimPlacing,
): readonly OutboundClaim[] {
  const place = placeOf(egress);
  const places =
    place === undefined ? placesOf(service, podAddresses) : [{ address: place, prefixes: [] }];
  const common = {
    sources: [service.source, ...virtualServices.map(({ source }) => source)],
    order: orderOf(service),
    ...defined({ bind: egress?.bind }),
    ...(egress?.bound === true ? { bound: true } : {}),
    ...(egress?.port === undefined ? {} : { own: true }),
    ...(egress?.port !== undefined && leadsAnywhere(egress.port) ? { proxied: true } : {}),
  };
  return portsOn(service, egress?.port).flatMap((port): readonly OutboundClaim[] => {
    const kind = listenerProtocol(port.protocol);
    // Connections to an alias are addressed to what it stands for.
    if (kind === "none" || (service.aliasOf !== undefined && kind !== "http")) return [];
    const routes = requestRoutes(service, port, egress);
    if (kind === "http") {
      const address = place ?? ANY_ADDRESS;
      if (address === ANY_ADDRESS && RESERVED_PORTS.has(port.number)) return [];
      return [{ ...common, address, port: port.number, routes, chains: [] }];
    }
    return places.map((one) => ({
      ...common,
      address: one.address,
      port: port.number,
      routes: kind === "auto" ? routes : undefined,
      chains: chainsOf(service, port, one, { virtualServices, context }),
    }));
  });
}

/** Those that few see come first. A service without a time counts as older than one with: a space sorts before digits. */
function orderOf({ exportTo, creationTimestamp, name, namespace }: Service): string {
  return `${exportTo.everyone ? 1 : 0} ${creationTimestamp} ${name} ${namespace}`;
}

/**
 * The route configuration for a port of a service on a listener of captured connections: that of the port, of an HTTP proxy
 * or socket its own; and where its address says which service is meant, that of the service alone.
 */
export function requestRoutes(
  service: Pick<Service, "hostname" | "addresses" | "kubernetes" | "resolution" | "selector">,
  { number, protocol }: ServicePort,
  egress: EgressListener | undefined,
): string {
  const shared = sharedRoutes(egress) ?? String(number);
  const place = placeOf(egress);
  const { hostname, addresses } = service;
  const hasAddress = addresses.some((one) => !one.includes("/")) || isCalledByWorkload(service);
  const isNamed = place === undefined ? hasAddress : place !== ANY_ADDRESS;
  return listenerProtocol(protocol) === "auto" && isNamed
    ? `${hostname}:${String(number)}`
    : shared;
}

/** The route configuration that all requests of a Sidecar's listener share; undefined of the one for all ports. */
export function sharedRoutes(egress: EgressListener | undefined): string | undefined {
  if (egress?.port === undefined) return undefined;
  const { number } = egress.port;
  if (number === 0) return egress.bind ?? "";
  return leadsAnywhere(egress.port) ? proxyRouteName(number) : String(number);
}
