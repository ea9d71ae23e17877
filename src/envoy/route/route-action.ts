/** What becomes of the requests that a route takes: sent on, redirected, or answered by Envoy itself. */
import type { HTTPRewrite } from "../../config/kinds/networking/virtual-service/http-rewrite.js";
import type { VirtualService } from "../../mesh/routing/virtual-service.js";
import type { RouteActionJson, RouteJson, RouteMatchJson } from "../api.js";
import { goDuration } from "../duration.js";
import {
  clusterKey,
  mirrors,
  only,
  receivingDestinations,
  target,
  type Way,
} from "./destinations.js";
import { authorityOf } from "./header-operations.js";
import type { MatchedRoute, RouteContext } from "./matched-route.js";
import { pathRewrite } from "./path-rewrite.js";
import { directResponse, redirectAction } from "./redirect.js";
import { retryPolicy } from "./retry-policy.js";

/** The timeout of a route that has none. */
export const NO_TIMEOUT = "0s";

/** Which requests a route takes, and their ways. */
export interface Taken {
  readonly match: RouteMatchJson;
  readonly ways: readonly Way[];
}

/** The part of a route that says what becomes of its requests. */
export function routeHandling(
  matched: MatchedRoute,
  virtualService: VirtualService,
  context: RouteContext,
  taken: Taken,
): Partial<RouteJson> {
  const { route } = matched;
  if (route.redirect !== undefined) {
    return { redirect: redirectAction(route.redirect, context, taken.match) };
  }
  if (route.directResponse !== undefined) {
    return { directResponse: directResponse(route.directResponse) };
  }
  return { route: routeAction(matched, virtualService, context, taken) };
}

function routeAction(
  matched: MatchedRoute,
  virtualService: VirtualService,
  context: RouteContext,
  { match, ways }: Taken,
): RouteActionJson {
  const { route } = matched;
  const destinations = receivingDestinations(route);
  const timeout = goDuration(route.timeout) ?? NO_TIMEOUT;
  const authority = authorityOf(route.headers) ?? authorityOf(only(destinations)?.headers);
  const hashes = destinations
    .map(({ destination }) => context.hashPolicy(clusterKey(destination, virtualService, context)))
    .filter((policy) => policy !== undefined);
  const retries = retryPolicy(
    route.retries ?? context.retries,
    destinations.length === 1 && hashes.length > 0,
  );
  return {
    ...target(ways),
    ...missingCluster(matched),
    ...(context.sendsForwardedHost ? { appendXForwardedHost: true } : {}),
    timeout,
    // With maxStreamDuration, which is to replace it, Envoy does not look at the timeout.
    maxGrpcTimeout: timeout,
    ...(retries === undefined ? {} : { retryPolicy: retries }),
    ...(authority === undefined ? {} : { hostRewriteLiteral: authority }),
    ...rewrite(route.rewrite, match),
    ...mirrors(route, virtualService, context),
    ...(hashes.length === 0 ? {} : { hashPolicy: hashes }),
  };
}

function rewrite(rule: HTTPRewrite | undefined, match: RouteMatchJson): RouteActionJson {
  if (rule === undefined) return {};
  const { authority = "" } = rule;
  return {
    ...pathRewrite(rule, match),
    ...(authority === "" ? {} : { hostRewriteLiteral: authority }),
  };
}

/**
 * What is answered where the cluster is missing: Envoy's own 503, which is UNAVAILABLE to callers of gRPC, but for HTTPRoutes. See
 * Gateway API, HTTPRouteRule.backendRefs and GRPCRouteRule.backendRefs.
 */
function missingCluster({ made }: MatchedRoute): RouteActionJson {
  return made?.ref.kind === "HTTPRoute"
    ? { clusterNotFoundResponseCode: "INTERNAL_SERVER_ERROR" }
    : {};
}
