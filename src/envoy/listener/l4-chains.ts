/** The ways through a listener for connections that are not HTTP, as VirtualServices route them. */
import type { Path } from "../../config/kind.js";
import { refOf } from "../../config/resource.js";
import type { HostResolver } from "../../mesh/host-resolver.js";
import { isSubsetOf } from "../../mesh/hostname.js";
import { type Labels, selects } from "../../mesh/labels.js";
import { pathOfPart } from "../../mesh/made-of.js";
import {
  type LookUpSource,
  lookedUpFrom,
  resolveGateway,
  type VirtualService,
} from "../../mesh/routing/virtual-service.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import { networksOf } from "../address.js";
import { clusterKey } from "../route/destinations.js";
import { type PolicyOf, type TcpTarget, targetOf } from "./tcp-target.js";

/** One way through a listener for connections that are not HTTP. */
export interface TcpChain {
  /** Server names of TLS by which it is chosen; none means any connection. */
  readonly serverNames: readonly string[];
  /** Of one that asks for any server name: the names that its match says beside that. */
  readonly otherNames?: readonly string[];
  /** CIDR blocks of the destination by which it is chosen. */
  readonly prefixes: readonly string[];
  readonly target: TcpTarget;
  /** The part of a resource that made it: a match of a VirtualService, or a port of a service. */
  readonly part: Decision;
}

/** What chains depend on beside VirtualServices and services. */
export interface ChainContext extends LookUpSource {
  /** `mesh` for sidecars, else the key of the Gateway whose connections are routed. */
  readonly gateways: readonly string[];
  readonly resolver: HostResolver;
  /** The callers' namespace, or the gateway's: which service a host is depends on who sees which. See `LookUpSource`. */
  readonly namespace: string;
  /** Who calls; undefined at a gateway, where it is not asked for. */
  readonly source: { readonly namespace: string; readonly labels: Labels } | undefined;
  readonly policyOf: PolicyOf;
}

/** Blocks without what begins at 0.0.0.0: with that, beside others too, Istio asks for no address in particular. */
export const blocksAsked = (prefixes: readonly string[]): readonly string[] =>
  prefixes.filter((one) => !one.startsWith("0.0.0.0/"));

type L4Route = NonNullable<VirtualService["spec"]["tcp"]>[number];

/** The connections that a route takes. */
interface Taken extends Pick<TcpChain, "serverNames"> {
  readonly listenPort: number;
}

/**
 * Where a route leads that takes connections with these server names; nowhere where one of its destinations would have to be
 * looked up by a name that is none of its host's, or by none, or where several would.
 */
function routeTarget(
  route: Pick<L4Route, "route">,
  virtualService: VirtualService,
  { listenPort, serverNames }: Taken,
  { resolver, policyOf, ...source }: ChainContext,
): TcpTarget {
  const destinations = route.route ?? [];
  const targets = destinations
    .filter(({ weight }) => destinations.length === 1 || (weight ?? 0) > 0)
    .map(({ destination, weight }) => ({
      key: clusterKey(destination, virtualService, { listenPort, resolver, source }),
      weight: Math.max(1, weight ?? 1),
    }));
  const mixed = targets.some(
    ({ key: { hostname, port } }) =>
      virtualService.undeclaredPorts.get(hostname)?.includes(port) === true,
  );
  const target = { ...targetOf(targets, policyOf), ...(mixed ? { mixed } : {}) };
  const lookUps = targets.flatMap(({ key: { hostname, port } }) => {
    const called = lookedUpFrom(source, virtualService, hostname)?.get(port);
    return called === undefined ? [] : [{ hostname, port, called }];
  });
  const [lookUp] = lookUps;
  if (lookUp === undefined) return target;
  const { hostname: wildcard } = lookUp;
  const isOne = lookUps.every((one) => one.hostname === wildcard && one.port === lookUp.port);
  const isNamed = (name: string): boolean => isSubsetOf(name, wildcard);
  return isOne && serverNames.length > 0 && serverNames.every(isNamed)
    ? { ...target, lookUp }
    : { clusters: [] };
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
  { source, gateways }: ChainContext,
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
  source: ChainContext["source"],
): boolean {
  if (source === undefined) return true;
  const inNamespace = sourceNamespace === "" || sourceNamespace === source.namespace;
  return inNamespace && selects(sourceLabels, source.labels);
}

/** What says where connections go: a part of a VirtualService, or what that was made of. */
function routePart(
  { resource }: VirtualService,
  path: readonly [protocol: "tls" | "tcp", index: number, ...match: Path],
): Decision {
  const made = resource.madeOf?.[path[1]];
  if (made !== undefined) return { ref: made.ref, path: pathOfPart(made.path) };
  return { ref: refOf(resource), path: ["spec", ...path] };
}

const ANY_NAME = "*";

/** Server names as a chain asks for them: `*` is any, and no name at all too. */
export const serverNamesOf = (names: readonly string[]): readonly string[] =>
  names.includes(ANY_NAME) ? [] : [...new Set(names)];

/** The chains of a VirtualService's TLS routes for a port. See Istio, TLSRoute. */
export function tlsChains(
  virtualService: VirtualService,
  port: number,
  context: ChainContext,
): readonly TcpChain[] {
  return (virtualService.spec.tls ?? []).flatMap((route, index) =>
    route.match.flatMap((match, at): readonly TcpChain[] => {
      if (!applies(match, virtualService, port, context)) return [];
      const serverNames = serverNamesOf(match.sniHosts);
      return [
        {
          serverNames,
          ...(serverNames.length === 0
            ? { otherNames: match.sniHosts.filter((name) => name !== ANY_NAME) }
            : {}),
          prefixes: networksOf(match.destinationSubnets ?? []),
          target: routeTarget(route, virtualService, { listenPort: port, serverNames }, context),
          part: routePart(virtualService, ["tls", index, "match", at]),
        },
      ];
    }),
  );
}

/**
 * The chains of a VirtualService's TCP routes for a port; what stands behind a route without conditions is never reached. One of
 * its matches that has none speaks for the whole route. See Istio, buildSidecarOutboundTCPFilterChainOpts.
 */
export function tcpChains(
  virtualService: VirtualService,
  port: number,
  context: ChainContext,
): readonly TcpChain[] {
  const chains: TcpChain[] = [];
  for (const [index, route] of (virtualService.spec.tcp ?? []).entries()) {
    const matches = route.match ?? [];
    const ofAny = { listenPort: port, serverNames: [] };
    const target = routeTarget(route, virtualService, ofAny, context);
    if (matches.length === 0) {
      const part = routePart(virtualService, ["tcp", index]);
      return [...chains, { serverNames: [], prefixes: [], target, part }];
    }
    const held = [...matches.entries()].filter(([, match]) =>
      applies(match, virtualService, port, context),
    );
    const made = held.map(([at, { destinationSubnets = [] }]) => ({
      serverNames: [],
      prefixes: networksOf(destinationSubnets),
      target,
      part: routePart(virtualService, ["tcp", index, "match", at]),
    }));
    const open = made.find(({ prefixes }) => prefixes.length === 0);
    if (open !== undefined) return [...chains, open];
    const atSome = made.filter(({ prefixes }) => blocksAsked(prefixes).length > 0);
    chains.push(...(atSome.length > 0 ? atSome : made));
  }
  return chains;
}
