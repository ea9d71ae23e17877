/**
 * HTTP filters that do no more than what a virtual host, a route or a weighted cluster says of them in its
 * `typed_per_filter_config`. A connection manager has those alone that its route configuration speaks of.
 */
import { groupBy } from "../../base/group-by.js";
import type { HttpFilterJson, VirtualHostJson } from "../api.js";
import { isRouteAuthorizer, routeAuthorizerFilter } from "../authorization/route-authorizer.js";
import { CALLED_POD_FILTER, calledPodFilter } from "../filter/called-pod.js";
import type { EnvoyResource } from "../resource/resource-set.js";
import { HOST_SETTER, lookUpFilters } from "./looked-up-host.js";
import { SESSION_FILTER, sessionFilter } from "./session.js";

/** By the name under which they are configured, in the order in which requests pass them. */
const MAKERS = new Map<string, () => HttpFilterJson | HttpFilterJson[]>([
  [HOST_SETTER, lookUpFilters],
  [SESSION_FILTER, sessionFilter],
  [CALLED_POD_FILTER, calledPodFilter],
]);

/** The names of the filters that each route configuration speaks of, by its name; nothing of one that speaks of none. */
export type PerRouteFilters = ReadonlyMap<string, readonly string[]>;

/** The names of the filters that a virtual host speaks of. */
export function filtersOfHost(host: VirtualHostJson): readonly string[] {
  const { routes = [] } = host;
  const clusters = routes.flatMap(({ route }) => route?.weightedClusters?.clusters ?? []);
  const names = [host, ...routes, ...clusters].flatMap(({ typedPerFilterConfig = {} }) =>
    Object.keys(typedPerFilterConfig),
  );
  return [...new Set(names.filter((name) => MAKERS.has(name) || isRouteAuthorizer(name)))];
}

/** The names of the filters that the route configurations of some virtual hosts speak of. */
export function filtersByRoutes(
  hosts: readonly (Pick<EnvoyResource, "filters"> & { readonly routeName: string })[],
): PerRouteFilters {
  const speaking = hosts.filter(({ filters }) => filters !== undefined);
  const byRoutes = groupBy(speaking, ({ routeName }) => routeName);
  return new Map(
    [...byRoutes].map(([name, members]) => [
      name,
      [...new Set(members.flatMap(({ filters = [] }) => filters))].sort(),
    ]),
  );
}

/** The filters of these names. */
export const perRouteFilters = (names: readonly string[]): readonly HttpFilterJson[] => [
  ...names.filter(isRouteAuthorizer).flatMap(routeAuthorizerFilter),
  ...[...MAKERS].flatMap(([name, make]) => (names.includes(name) ? make() : [])),
];
