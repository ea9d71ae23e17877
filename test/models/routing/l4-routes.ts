/** The TLS and TCP routes of VirtualServices, in the order in which they are tried. See TLSRoute and TCPRoute. */
import { destinationTarget } from "./destination-rules.js";
import { gatewayName } from "./http-rules.js";
import {
  type Caller,
  type L4MatchAttributes,
  type RouteDestination,
  type SourceMatch,
  selects,
  type VirtualService,
  type World,
} from "./objects.js";
import type { KnownPort } from "./protocols.js";

/** Where a share of connections goes: a cluster, or nowhere. */
export type ClusterShares = Readonly<Record<string, number>>;

/** The connections that a rule takes, and where they go. */
export interface L4Rule {
  /** Server names of TLS; none of one that asks for no name. */
  readonly names: readonly string[];
  /** Blocks of addresses that are called; none of one that asks for no address. */
  readonly subnets: readonly string[];
  readonly goes: ClusterShares;
}

/** Who calls, by which way. */
export interface L4Way {
  readonly caller: Caller;
  /** Whether it is asked who calls: "sourceLabels" and "sourceNamespace" are for sidecars. */
  readonly asksForSource: boolean;
  readonly gateways: readonly string[];
  readonly port: number;
}

/** Whether a match is for those who come by a way: all that it asks for has to hold. */
export function isForWay(
  { port, gateways = [], sourceLabels = {}, sourceNamespace }: SourceMatch,
  namespace: string,
  { caller, asksForSource, gateways: through, port: called }: L4Way,
): boolean {
  if (port !== undefined && port !== called) return false;
  const isThrough = gateways.some((one) => through.includes(gatewayName(one, namespace)));
  if (gateways.length > 0 && !isThrough) return false;
  if (!asksForSource) return true;
  const isThere = sourceNamespace === undefined || sourceNamespace === caller.namespace;
  return isThere && selects(sourceLabels, caller.labels);
}

/** A destination that is not found gets its share all the same, which is lost. */
export function sharesOf(
  world: World,
  route: readonly RouteDestination[],
  namespace: string,
  { caller, port: calledPort }: Pick<L4Way, "caller" | "port">,
): ClusterShares {
  const [only, ...others] = route;
  const receiving = others.length === 0 ? route : route.filter(({ weight = 0 }) => weight > 0);
  const sums: Record<string, number> = {};
  for (const one of receiving) {
    const target = destinationTarget(world, one.destination, namespace, { caller, calledPort });
    const name =
      target === undefined ? "nowhere" : `outbound|${target.port}|${target.subset}|${target.host}`;
    sums[name] =
      (sums[name] ?? 0) + (one === only && others.length === 0 ? 100 : (one.weight ?? 0));
  }
  return sums;
}

/** `*` stands for any server, and for connections that name none. */
export const namesOf = (names: readonly string[]): readonly string[] =>
  names.includes("*") ? [] : names;

/** All addresses together are none in particular: Istio leaves out what begins at 0.0.0.0, also beside others. */
const subnetsOf = (matches: readonly L4MatchAttributes[]): readonly string[] =>
  matches
    .flatMap(({ destinationSubnets = [] }) => destinationSubnets)
    .filter((one) => !one.startsWith("0.0.0.0"));

/**
 * The rules for a port with TLS: each match by itself. What the documentation does not say, and Istio does: a match without
 * subnets takes those of the last before it that has any.
 */
function tlsRules(
  world: World,
  virtualServices: readonly VirtualService[],
  way: L4Way,
  block: readonly string[],
): readonly L4Rule[] {
  const held = virtualServices.flatMap(({ metadata: { namespace }, spec }) =>
    (spec.tls ?? []).flatMap(({ match, route }) =>
      match
        .filter((one) => isForWay(one, namespace, way))
        .map((one) => ({ match: one, goes: sharesOf(world, route, namespace, way) })),
    ),
  );
  return held.map(({ match, goes }, i) => {
    const last = held
      .slice(0, i + 1)
      .findLast((one) => one.match.destinationSubnets !== undefined)?.match;
    const subnets = last === undefined ? block : subnetsOf([last]);
    return { names: namesOf(match.sniHosts), subnets, goes };
  });
}

/**
 * The rules for another port. "If no match is specified" a route takes all connections, and so it does when one of its
 * matches that are for the caller asks for no address; what is behind it is never reached.
 */
function tcpRules(
  world: World,
  virtualServices: readonly VirtualService[],
  way: L4Way,
  block: readonly string[],
): { readonly rules: readonly L4Rule[]; readonly isComplete: boolean } {
  const rules: L4Rule[] = [];
  for (const { metadata, spec } of virtualServices) {
    const { namespace } = metadata;
    for (const { match = [], route } of spec.tcp ?? []) {
      const held = match.filter((one) => isForWay(one, namespace, way));
      if (match.length > 0 && held.length === 0) continue;
      const goes = sharesOf(world, route, namespace, way);
      const isOpen = held.every(({ destinationSubnets = [] }) => destinationSubnets.length > 0);
      if (match.length === 0 || !isOpen) {
        rules.push({ names: [], subnets: block, goes });
        return { rules, isComplete: true };
      }
      rules.push({ names: [], subnets: subnetsOf(held), goes });
    }
  }
  return { rules, isComplete: false };
}

/** A port of a host where it is called. */
export interface CalledPort {
  readonly port: KnownPort;
  /** The blocks of addresses by which the host is known there; none where the place is its own, or it has none. */
  readonly block: readonly string[];
  /** The names that TLS has to ask for where no VirtualService says it; none where the place is the host's own. */
  readonly names: readonly string[];
  /** The cluster of the port. */
  readonly cluster: string;
}

/** All rules of a port of a host: those of VirtualServices, and behind them the host itself where they leave something. */
export function rulesOfPort(
  world: World,
  { port, block, names, cluster }: CalledPort,
  virtualServices: readonly VirtualService[],
  way: L4Way,
): readonly L4Rule[] {
  const own: L4Rule = { names: [], subnets: block, goes: { [cluster]: 100 } };
  if (port.carries === "tls") {
    const rules = tlsRules(world, virtualServices, way, block);
    return rules.length > 0 ? rules : [{ ...own, names }];
  }
  const { rules, isComplete } = tcpRules(world, virtualServices, way, block);
  return isComplete ? rules : [...rules, own];
}
