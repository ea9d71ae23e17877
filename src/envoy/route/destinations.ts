/** Where a route of a VirtualService sends requests: its destinations, and those of copies. */
import type { Destination } from "../../config/kinds/networking/virtual-service/destination.js";
import type {
  HTTPRoute,
  HTTPRouteDestination,
} from "../../config/kinds/networking/virtual-service/http-route.js";
import type { HostResolver } from "../../mesh/host-resolver.js";
import {
  destinationHost,
  destinationPort,
  type LookUpSource,
  lookedUpFrom,
  type VirtualService,
} from "../../mesh/routing/virtual-service.js";
import type {
  HeaderMatcherJson,
  RouteActionJson,
  RouteJson,
  WeightedCluster_ClusterWeightJson,
} from "../api.js";
import { BLACK_HOLE_CLUSTER, type ClusterKey, outboundClusterName } from "../names.js";
import { authorityOf, headerMutations } from "./header-operations.js";
import { lookUpOf, lookUpOfRewritten, namesHostOf } from "./looked-up-host.js";
import { share } from "./percent.js";

/** What destinations depend on beside the VirtualService. */
export interface DestinationContext {
  /** The port for which requests come, where a destination names none. */
  readonly listenPort: number;
  readonly resolver: HostResolver;
  /** Who calls: which service a host is depends on who sees which. */
  readonly source: LookUpSource;
}

/** The one of a list of one. */
export const only = <T>(list: readonly T[]): T | undefined =>
  list.length === 1 ? list[0] : undefined;

/** The cluster of a destination, as its VirtualService means it. */
export function clusterKey(
  destination: Destination,
  virtualService: VirtualService,
  { listenPort, resolver, source }: DestinationContext,
): ClusterKey {
  const hostname = destinationHost(destination.host, virtualService, resolver);
  const port =
    destination.port?.number ?? destinationPort(source, virtualService, hostname) ?? listenPort;
  return { hostname, port, subset: destination.subset ?? "" };
}

/** The destinations that get requests: a single one whatever its weight, of several those that have a weight. */
export function receivingDestinations({ route = [] }: HTTPRoute): readonly HTTPRouteDestination[] {
  return route.length === 1 ? route : route.filter(({ weight }) => (weight ?? 0) > 0);
}

/** Where a route sends requests for one of its destinations. */
export interface Way {
  readonly to: HTTPRouteDestination;
  readonly cluster: string;
  /** What the proxy is told of who is called there, where it looks that up. */
  readonly lookUp?: NonNullable<RouteJson["typedPerFilterConfig"]>;
  /** The host, a wildcard, of which the host that a request names has to be one. */
  readonly wildcard?: string;
}

/** The cluster of a destination, and how the host is called that requests name, or to which `authority` rewrites that. */
function clusterOf(
  { destination }: HTTPRouteDestination,
  virtualService: VirtualService,
  context: DestinationContext,
  authority: string | undefined,
): Omit<Way, "to"> {
  const key = clusterKey(destination, virtualService, context);
  const cluster = outboundClusterName(key);
  const port = lookedUpFrom(context.source, virtualService, key.hostname)?.get(key.port);
  if (port === undefined) return { cluster };
  if (authority === undefined) {
    return { cluster, lookUp: lookUpOf(port), wildcard: key.hostname };
  }
  const lookUp = lookUpOfRewritten(authority, key.hostname, port);
  return lookUp === undefined ? { cluster: BLACK_HOLE_CLUSTER } : { cluster, lookUp };
}

/** The host to which a route rewrites that of its requests, whatever their destination. */
const authorityOfRoute = ({ headers, rewrite }: HTTPRoute): string | undefined => {
  const { authority = "" } = rewrite ?? {};
  return authority === "" ? authorityOf(headers) : authority;
};

/** The ways of a route, by its destinations. */
export function waysOf(
  route: HTTPRoute,
  virtualService: VirtualService,
  context: DestinationContext,
): readonly Way[] {
  return receivingDestinations(route).map((to) => {
    const authority = authorityOfRoute(route) ?? authorityOf(to.headers);
    return { to, ...clusterOf(to, virtualService, context, authority) };
  });
}

/** Where requests go: one cluster, or several by weight. */
export function target(ways: readonly Way[]): RouteActionJson {
  const single = only(ways);
  if (single !== undefined) return { cluster: single.cluster };
  const clusters = ways.map(({ to, cluster, lookUp }): WeightedCluster_ClusterWeightJson => {
    const authority = authorityOf(to.headers);
    return {
      name: cluster,
      weight: to.weight ?? 0,
      ...headerMutations(to.headers),
      ...(authority === undefined ? {} : { hostRewriteLiteral: authority }),
      ...(lookUp === undefined ? {} : { typedPerFilterConfig: lookUp }),
    };
  });
  return { weightedClusters: { clusters } };
}

/** What a request has to be so that its host may be looked up. */
export function lookUpMatchers(ways: readonly Way[]): readonly HeaderMatcherJson[] {
  const wildcards = new Set(ways.flatMap(({ wildcard }) => wildcard ?? []));
  return [...wildcards].map(namesHostOf);
}

/** Where copies of requests go; those of which Envoy would have to look up the host go nowhere: it gives them another one. */
export function mirrors(
  route: HTTPRoute,
  virtualService: VirtualService,
  context: DestinationContext,
): RouteActionJson {
  const single =
    route.mirror === undefined
      ? []
      : [
          {
            destination: route.mirror,
            share: share(route.mirrorPercentage, route.mirrorPercent ?? route.mirror_percent),
          },
        ];
  const several = (route.mirrors ?? []).map(({ destination, percentage }) => ({
    destination,
    share: share(percentage, undefined),
  }));
  const isLookedUp = ({ host }: Destination): boolean => {
    const hostname = destinationHost(host, virtualService, context.resolver);
    return lookedUpFrom(context.source, virtualService, hostname) !== undefined;
  };
  const policies = [...single, ...several]
    .filter((one) => one.share.numerator !== 0 && !isLookedUp(one.destination))
    .map((one) => ({
      cluster: outboundClusterName(clusterKey(one.destination, virtualService, context)),
      runtimeFraction: { defaultValue: one.share },
      // The spans of a copy would be in the trace of the request.
      traceSampled: false,
    }));
  return policies.length === 0 ? {} : { requestMirrorPolicies: policies };
}
