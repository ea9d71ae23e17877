/** Route configurations as EnvoyFilters change them. */
import type { RouteConfigurationJson, RouteJson, VirtualHostJson } from "../api.js";
import type { CompiledPatch } from "./compiled-patch.js";
import { editList, merges } from "./list-operations.js";
import { merged, type PatchContext } from "./patch-message.js";
import { matchesRoutes, matchesVirtualHost, namedRoute } from "./route-match.js";

/** A route configuration after the patches of its side, with its virtual hosts and those that are added. */
export function patchRouteConfiguration(
  routes: RouteConfigurationJson,
  context: PatchContext,
): RouteConfigurationJson {
  const name = routes.name ?? "";
  const { virtualHosts, ...head } = patchRoutesHead(routes, context);
  const all = [
    ...(virtualHosts ?? []).flatMap((host) => patchVirtualHost(name, host, context) ?? []),
    ...addedVirtualHosts(name, context),
  ];
  return virtualHosts === undefined && all.length === 0 ? head : { ...head, virtualHosts: all };
}

/** What a route configuration says of itself. */
export function patchRoutesHead(
  head: RouteConfigurationJson,
  context: PatchContext,
): RouteConfigurationJson {
  return context.patches.ROUTE_CONFIGURATION.filter(
    (patch) => merges(patch) && matchesRoutes(head.name ?? "", patch),
  ).reduce((json, patch) => merged(json, patch, context), head);
}

/** The virtual hosts that patches add to the route configuration of a name. */
export function addedVirtualHosts(
  routes: string,
  { patches }: PatchContext,
): readonly VirtualHostJson[] {
  return patches.VIRTUAL_HOST.filter(
    (patch) => patch.operation === "ADD" && matchesRoutes(routes, patch),
  ).map(({ value }) => value as VirtualHostJson);
}

/** A virtual host after the patches of its side; undefined when one removes it. */
export function patchVirtualHost(
  routes: string,
  host: VirtualHostJson,
  context: PatchContext,
): VirtualHostJson | undefined {
  let result = host;
  const isFor = (patch: CompiledPatch): boolean =>
    matchesRoutes(routes, patch) && matchesVirtualHost(result, patch);
  for (const patch of context.patches.VIRTUAL_HOST) {
    if (!isFor(patch)) continue;
    if (patch.operation === "REMOVE") return undefined;
    if (merges(patch)) result = merged(result, patch, context);
    else if (patch.operation === "REPLACE") result = patch.value;
  }
  const patches = context.patches.HTTP_ROUTE.filter(isFor);
  return patches.length === 0
    ? result
    : { ...result, routes: [...patchHttpRoutes(result.routes ?? [], patches, context)] };
}

/** Routes are changed before any are added, so that no patch changes what another one adds. */
function patchHttpRoutes(
  routes: readonly RouteJson[],
  patches: readonly CompiledPatch[],
  context: PatchContext,
): readonly RouteJson[] {
  const changed = routes.flatMap((route) => patchHttpRoute(route, patches, context) ?? []);
  return patches
    .filter(({ operation }) => operation !== "REMOVE" && operation !== "REPLACE")
    .reduce<readonly RouteJson[]>((list, patch) => {
      const matches = namedRoute(patch);
      const { operation } = patch;
      // To be first among the routes, one of which is named, is to be first if that one is there.
      if (operation === "INSERT_FIRST" && matches !== undefined && !list.some(matches)) return list;
      return editList(list, { operation, value: patch.value, matches });
    }, changed);
}

/** A route after the patches that name it; undefined when one removes it. */
function patchHttpRoute(
  route: RouteJson,
  patches: readonly CompiledPatch[],
  context: PatchContext,
): RouteJson | undefined {
  let result = route;
  for (const patch of patches) {
    if (namedRoute(patch)?.(result) === false) continue;
    if (patch.operation === "REMOVE") return undefined;
    if (merges(patch)) result = merged(result, patch, context);
  }
  return result;
}
