/** The filter chains of a service's port on an outbound listener: those of VirtualServices, and one to the service itself. */
import { hasPartialWildcard } from "../../config/kinds/value/dns-names.js";
import type { VirtualService } from "../../mesh/routing/virtual-service.js";
import { isTls } from "../../mesh/service/protocol.js";
import {
  lookedUpPorts,
  portPart,
  type Service,
  type ServicePort,
} from "../../mesh/service/service.js";
import { hostDomains } from "../route/virtual-host.js";
import { ANY_ADDRESS } from "./address.js";
import type { EntryAddress } from "./entry-address.js";
import {
  blocksAsked,
  type ChainContext,
  type TcpChain,
  tcpChains,
  tlsChains,
} from "./l4-chains.js";
import { type TcpTarget, targetOf } from "./tcp-target.js";

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
  const isAnywhere = address === ANY_ADDRESS || service.resolution === "dynamic-dns";
  const byName = isTls(port.protocol) && (isAnywhere || isOfBlock);
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

/**
 * The chains of a service's port at an address. Connections that no route takes go to the service itself, but for those with
 * TLS: they name some other server.
 */
export function entryChains(
  service: Service,
  port: ServicePort,
  at: EntryAddress,
  routing: {
    readonly virtualServices: readonly VirtualService[];
    readonly context: ChainContext;
  },
): readonly TcpChain[] {
  const routed = routedChains(routing.virtualServices, port, routing.context);
  const isComplete = isTls(port.protocol)
    ? routed.length > 0
    : routed.some(({ prefixes }) => prefixes.length === 0);
  const atAddress = routed.map((chain) => ({
    ...chain,
    prefixes: chain.prefixes.length === 0 ? at.prefixes : blocksAsked(chain.prefixes),
  }));
  const isTold = service.resolution !== "dynamic-dns" || !hasPartialWildcard(service.hostname);
  return isComplete || !isTold
    ? atAddress
    : [...atAddress, defaultChain(service, port, at, routing.context)];
}
