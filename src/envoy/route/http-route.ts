/** The routes of a VirtualService in Envoy's words. */
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type {
  HTTPRoute,
  HTTPRouteDestination,
} from "../../config/kinds/networking/virtual-service/http-route.js";
import { matchesBySegment } from "../../mesh/made-of.js";
import type { VirtualService } from "../../mesh/routing/virtual-service.js";
import { any } from "../any.js";
import type { RouteJson } from "../api.js";
import { askingRoute } from "../authorization/route-authorizer.js";
import { corsPolicy } from "./cors.js";
import {
  clusterKey,
  lookUpMatchers,
  only,
  receivingDestinations,
  type Way,
  waysOf,
} from "./destinations.js";
import { httpFault } from "./fault.js";
import { headerMutations } from "./header-operations.js";
import {
  isAnswered,
  type MatchedRoute,
  matchedRoutes,
  type RouteContext,
} from "./matched-route.js";
import { routeHandling } from "./route-action.js";
import { isCatchAll, operationPath, routeMatch } from "./route-match.js";
import { routeMetadata } from "./route-metadata.js";
import { sessionOf } from "./session.js";

const FAULT_FILTER = "envoy.filters.http.fault";
const CORS_FILTER = "envoy.filters.http.cors";

/** What the filters in front of a route do for it alone. */
function perFilterConfig(
  { route, made }: MatchedRoute,
  lookUp: Way["lookUp"],
): Pick<RouteJson, "typedPerFilterConfig"> {
  const configs = {
    ...lookUp,
    ...(made?.session === undefined || isAnswered(route) ? {} : sessionOf(made.session)),
    ...(made?.authorizer === undefined ? {} : askingRoute(made.authorizer)),
    ...(route.corsPolicy === undefined
      ? {}
      : {
          [CORS_FILTER]: any(
            "envoy.extensions.filters.http.cors.v3.CorsPolicy",
            corsPolicy(route.corsPolicy),
          ),
        }),
    ...(route.fault === undefined
      ? {}
      : {
          [FAULT_FILTER]: any(
            "envoy.extensions.filters.http.fault.v3.HTTPFault",
            httpFault(route.fault),
          ),
        }),
  };
  return Object.keys(configs).length === 0 ? {} : { typedPerFilterConfig: configs };
}

/** The dot is there also before the name of a match whose route has none: by that name EnvoyFilters find it. */
function routeName({ name = "" }: HTTPRoute, match: HTTPMatchRequest | undefined): string {
  const ofMatch = match?.name ?? "";
  return ofMatch === "" ? name : `${name}.${ofMatch}`;
}

function envoyRoute(
  matched: MatchedRoute,
  virtualService: VirtualService,
  context: RouteContext,
): RouteJson {
  const { route } = matched;
  const request = matched.match?.request;
  const asked = routeMatch(request, matchesBySegment(virtualService.resource));
  const ways = isAnswered(route) ? [] : waysOf(route, virtualService, context);
  const matchers = lookUpMatchers(ways);
  const match =
    matchers.length === 0 ? asked : { ...asked, headers: [...(asked.headers ?? []), ...matchers] };
  const name = routeName(route, request);
  const destination = only(receivingDestinations(route));
  const statPrefix = request?.statPrefix ?? "";
  return {
    ...(name === "" ? {} : { name }),
    match,
    ...routeHandling(matched, virtualService, context, { match, ways }),
    ...mergeMutations(headerMutations(route.headers), headerMutations(destination?.headers)),
    ...perFilterConfig(matched, only(ways)?.lookUp),
    ...(statPrefix === "" ? {} : { statPrefix }),
    metadata: routeMetadata(virtualService, matched),
    decorator: {
      operation: `${operationHost(destination, virtualService, context)}${operationPath(match)}`,
    },
  };
}

/** What a span says was called: the destination, or the VirtualService where there are several or none. */
function operationHost(
  destination: HTTPRouteDestination | undefined,
  virtualService: VirtualService,
  context: RouteContext,
): string {
  if (destination === undefined || destination.destination.host === "") {
    return `${virtualService.resource.metadata.name}:${String(context.listenPort)}`;
  }
  const { hostname, port } = clusterKey(destination.destination, virtualService, context);
  return `${hostname}:${String(port)}`;
}

/** A single destination's header operations are the route's, behind its own. */
function mergeMutations(
  first: ReturnType<typeof headerMutations>,
  second: ReturnType<typeof headerMutations>,
): ReturnType<typeof headerMutations> {
  const merged: Record<string, unknown[]> = {};
  for (const part of [first, second]) {
    for (const [key, list] of Object.entries(part)) {
      merged[key] = [...(merged[key] ?? []), ...(list as unknown[])];
    }
  }
  return merged;
}

/**
 * The routes of a VirtualService for one port, in order: one for each match of each of its HTTP routes. What stands behind
 * a match that takes every request is left out. See Istio, HTTPRoute.
 */
export function httpRoutes(virtualService: VirtualService, context: RouteContext): RouteJson[] {
  const routes: RouteJson[] = [];
  for (const matched of matchedRoutes(virtualService, context)) {
    const built = envoyRoute(matched, virtualService, context);
    routes.push(built);
    if (isCatchAll(built)) break;
  }
  return routes;
}
