/**
 * What the services ask of a sidecar's outbound listeners. A port of a service has an *entry* on one listener: HTTP shares
 * the listener of its port with all other HTTP, since requests name their host; other protocols have the service's own
 * address, or share the port and are told apart by server name.
 */
import { defined } from "../../base/defined.js";
import { hasPartialWildcard } from "../../config/kinds/value/dns-names.js";
import type { ResourceRef } from "../../config/resource.js";
import type { VirtualService } from "../../mesh/routing/virtual-service.js";
import { isTls, listenerProtocol } from "../../mesh/service/protocol.js";
import {
  hasOwnAddress,
  lookedUpPorts,
  portPart,
  type Service,
  type ServicePort,
} from "../../mesh/service/service.js";
import { type EgressListener, type EgressPort, leadsAnywhere } from "../../mesh/sidecar/sidecar.js";
import { networksOf } from "../address.js";
import { proxyRouteName, RESERVED_PORTS } from "../names.js";
import { hostDomains } from "../route/virtual-host.js";
import { ANY_ADDRESS } from "./address.js";
import {
  blocksAsked,
  type ChainContext,
  type TcpChain,
  type TcpTarget,
  targetOf,
  tcpChains,
  tlsChains,
} from "./l4-chains.js";

/** A port of a service on one listener. */
export interface OutboundEntry {
  /** The host that is called there. */
  readonly host: string;
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
  /** The first of them: that of the service, and which of its ports it is. */
  readonly source: ResourceRef;
  readonly servicePort: ServicePort;
  /** By which entries that exclude one another are ordered: the older service wins. See Istio, model.SortServicesByCreationTime. */
  readonly order: string;
}

/** The whole of a service's port as a target; from a socket, which has no number, that of its only port. */
export function wholePort(
  service: Service,
  { number }: ServicePort,
  { policyOf, byName }: Pick<ChainContext, "policyOf" | "byName">,
): TcpTarget {
  const { ports } = service;
  const hostname = service.aliasOf ?? service.hostname;
  const only = ports.length === 1 ? ports[0]?.number : undefined;
  const port = number === 0 ? (only ?? number) : number;
  const target = targetOf([{ key: { port, subset: "", hostname }, weight: 1 }], policyOf);
  const called = lookedUpPorts(service, byName).get(port);
  return called === undefined ? target : { ...target, lookUp: { hostname, port, called } };
}

/** Where connections to a service are taken: at an address, those perhaps that are meant for some blocks alone. */
interface EntryAddress {
  readonly address: string;
  readonly prefixes: readonly string[];
  /** Of a Sidecar's: the service has no address of its own, but a block of them. */
  readonly isOfBlock?: boolean;
}

/** The places of a service: each of its addresses, and one for all of its blocks of addresses. */
function placesOf(
  { addresses }: Service,
  podAddresses: readonly string[] | undefined,
): readonly EntryAddress[] {
  if (podAddresses !== undefined) {
    return podAddresses.map((address) => ({ address, prefixes: [] }));
  }
  const blocks = addresses.filter((one) => one.includes("/"));
  const single = addresses.filter((one) => !one.includes("/"));
  const places = single.map((address) => ({ address, prefixes: [] }));
  if (blocks.length === 0 && places.length > 0) return places;
  return [...places, { address: ANY_ADDRESS, prefixes: networksOf(blocks) }];
}

/**
 * A service on a wildcard address is known by its server name alone, if it has TLS; one whose hosts are looked up by that on
 * every address. Clients say the name by which they call it.
 */
function defaultChain(
  service: Service,
  port: ServicePort,
  { address, prefixes, isOfBlock = false }: EntryAddress,
  context: ChainContext,
): TcpChain {
  const isPlaceless = address === ANY_ADDRESS || service.resolution === "dynamic-dns";
  const byName = isTls(port.protocol) && (isPlaceless || isOfBlock);
  return {
    serverNames: byName ? calledNames(service, context) : [],
    prefixes,
    target: wholePort(service, port, context),
    part: portPart(service, port),
  };
}

/** The names by which callers of a namespace call a service. No server name ends with a dot. */
const calledNames = (
  { hostname }: Pick<Service, "hostname">,
  { namespace, resolver }: Pick<ChainContext, "namespace" | "resolver">,
): readonly string[] =>
  hostDomains(hostname, namespace, resolver.domain).filter((name) => !name.endsWith("."));

/**
 * A TLS match without subnets has those of the last before it that has any. No documentation says so, but it is what Istio does:
 * see buildSidecarOutboundTLSFilterChainOpts.
 */
function withLastPrefixes(chains: readonly TcpChain[]): readonly TcpChain[] {
  let last: TcpChain["prefixes"] = [];
  return chains.map((chain) => {
    if (chain.prefixes.length > 0) last = chain.prefixes;
    return { ...chain, prefixes: last };
  });
}

/**
 * The chains that VirtualServices make for a port: of one with TLS those of their TLS routes, of another those of their TCP
 * routes, up to the first that takes every connection.
 */
export function routedChains(
  virtualServices: readonly VirtualService[],
  { protocol, number }: ServicePort,
  context: ChainContext,
): readonly TcpChain[] {
  if (isTls(protocol)) {
    return withLastPrefixes(virtualServices.flatMap((one) => tlsChains(one, number, context)));
  }
  const chains = virtualServices.flatMap((one) => tcpChains(one, number, context));
  const open = chains.findIndex(({ prefixes }) => prefixes.length === 0);
  return open < 0 ? chains : chains.slice(0, open + 1);
}

/** Connections that no route takes go to the service itself, but for those with TLS: they name some other server. */
function chainsOf(
  service: Service,
  port: ServicePort,
  place: EntryAddress,
  routing: {
    readonly virtualServices: readonly VirtualService[];
    readonly context: ChainContext;
  },
): readonly TcpChain[] {
  const routed = routedChains(routing.virtualServices, port, routing.context);
  const isComplete = isTls(port.protocol)
    ? routed.length > 0
    : routed.some(({ prefixes }) => prefixes.length === 0);
  const placed = routed.map((chain) => ({
    ...chain,
    prefixes: chain.prefixes.length === 0 ? place.prefixes : blocksAsked(chain.prefixes),
  }));
  const isTold = service.resolution !== "dynamic-dns" || !hasPartialWildcard(service.hostname);
  return isComplete || !isTold
    ? placed
    : [...placed, defaultChain(service, port, place, routing.context)];
}

/** What decides where the listeners of a service are. */
export interface EntryAddresses {
  /** Where a service is called that callers know by the addresses of its workloads; undefined of others. */
  readonly podAddresses: readonly string[] | undefined;
  /** The listener of a Sidecar on which callers reach it. */
  readonly egress: EgressListener | undefined;
}

const LOCALHOST = "127.0.0.1";

const isReserved = ({ address, port }: OutboundEntry): boolean =>
  address === ANY_ADDRESS && RESERVED_PORTS.has(port);

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

/** The entries of a service: for each port, and each of its addresses where the protocol needs an address. */
export function outboundEntries(
  service: Service,
  virtualServices: readonly VirtualService[],
  context: ChainContext,
  { podAddresses, egress }: EntryAddresses,
): readonly OutboundEntry[] {
  const place = placeOf(egress);
  const isOfBlock = service.addresses[0]?.includes("/") === true;
  const places =
    place === undefined
      ? placesOf(service, podAddresses)
      : [{ address: place, prefixes: [], isOfBlock }];
  const common = {
    host: service.hostname,
    sources: [service.source, ...virtualServices.map(({ source }) => source)],
    source: service.source,
    order: orderOf(service),
    ...defined({ bind: egress?.bind }),
    ...(egress?.bound === true ? { bound: true } : {}),
    ...(egress?.port === undefined ? {} : { own: true }),
    ...(egress?.port !== undefined && leadsAnywhere(egress.port) ? { proxied: true } : {}),
  };
  const entries = portsOn(service, egress?.port).flatMap((port): readonly OutboundEntry[] => {
    const kind = listenerProtocol(port.protocol);
    // Connections to an alias are addressed to what it stands for.
    if (kind === "none" || (service.aliasOf !== undefined && kind !== "http")) return [];
    const { shared, own } = requestTables(service, port, egress);
    if (kind === "http") {
      const address = place ?? ANY_ADDRESS;
      const entry = { address, port: port.number, servicePort: port, routes: shared, chains: [] };
      return [{ ...common, ...entry }];
    }
    return places.map((one) => ({
      ...common,
      address: one.address,
      port: port.number,
      servicePort: port,
      routes: kind === "tcp" ? undefined : one.address === ANY_ADDRESS ? shared : (own ?? shared),
      chains: chainsOf(service, port, one, { virtualServices, context }),
    }));
  });
  return entries.filter((entry) => !isReserved(entry));
}

/** Those that few see come first. A service without a time counts as older than one with: a space sorts before digits. */
function orderOf({ exportTo, creationTimestamp, name, namespace }: Service): string {
  return `${exportTo.everyone ? 1 : 0} ${creationTimestamp} ${name} ${namespace}`;
}

/** The route configurations for a port of a service. */
export interface RequestTables {
  /** That of the port; of an HTTP proxy or socket its own. */
  readonly shared: string;
  /** That of the service alone, for where the address says that it is meant; undefined where none does. */
  readonly own: string | undefined;
}

/** The route configurations for a port of a service on a listener of captured connections. */
export function requestTables(
  service: Pick<Service, "hostname" | "addresses" | "kubernetes" | "resolution" | "selector">,
  { number, protocol }: ServicePort,
  egress: EgressListener | undefined,
): RequestTables {
  const shared = sharedRoutes(egress) ?? String(number);
  const place = placeOf(egress);
  const isNamed = place === undefined ? hasOwnAddress(service) : place !== ANY_ADDRESS;
  const hasOwn = listenerProtocol(protocol) === "auto" && isNamed;
  return { shared, own: hasOwn ? `${service.hostname}:${String(number)}` : undefined };
}

/** The route configuration that all requests of a Sidecar's listener share; undefined of the one for all ports. */
export function sharedRoutes(egress: EgressListener | undefined): string | undefined {
  if (egress?.port === undefined) return undefined;
  const { number } = egress.port;
  if (number === 0) return egress.bind ?? "";
  return leadsAnywhere(egress.port) ? proxyRouteName(number) : String(number);
}
