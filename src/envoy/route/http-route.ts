/** The routes of a VirtualService. */
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type { HTTPRetry } from "../../config/kinds/networking/virtual-service/http-retry.js";
import type { HTTPRewrite } from "../../config/kinds/networking/virtual-service/http-rewrite.js";
import type {
  HTTPRoute,
  HTTPRouteDestination,
} from "../../config/kinds/networking/virtual-service/http-route.js";
import { type Labels, selects } from "../../mesh/labels.js";
import { type MadeRoute, matchesBySegment } from "../../mesh/made-of.js";
import {
  type LookUpSource,
  type RouteOrigin,
  resolveGateway,
  type VirtualService,
} from "../../mesh/routing/virtual-service.js";
import { any } from "../any.js";
import type {
  MetadataJson,
  RouteAction_HashPolicyJson,
  RouteActionJson,
  RouteJson,
  RouteMatchJson,
} from "../api.js";
import { askingRoute } from "../authorization/route-authorizer.js";
import { goDuration } from "../duration.js";
import {
  type ClusterKey,
  configPath,
  OWN_METADATA,
  originPath,
  outboundClusterName,
} from "../names.js";
import { corsPolicy } from "./cors.js";
import {
  clusterKey,
  type DestinationContext,
  lookUpMatchers,
  mirrors,
  only,
  receivingDestinations,
  target,
  type Way,
  waysOf,
} from "./destinations.js";
import { httpFault } from "./fault.js";
import { authorityOf, headerMutations } from "./header-operations.js";
import { lookUpOf } from "./looked-up-host.js";
import { pathRewrite } from "./path-rewrite.js";
import { directResponse, redirectAction } from "./redirect.js";
import { retryPolicy } from "./retry-policy.js";
import { isCatchAll, operationPath, routeMatch } from "./route-match.js";
import { sessionOf } from "./session.js";

/** What the routes depend on beside the VirtualService. */
export interface RouteContext extends DestinationContext {
  /** Requests come by TLS, which ends here. */
  readonly encrypted: boolean;
  /** `mesh`, or the keys of the Gateways, for which routes are wanted. */
  readonly gateways: ReadonlySet<string>;
  /** Who calls, as far as matches ask. */
  readonly source: LookUpSource & { readonly labels: Labels };
  /** The mesh's policy for routes that say nothing of retries; undefined where it says nothing either. */
  readonly retries: HTTPRetry | undefined;
  /** Requests whose host is rewritten say which it was. */
  readonly sendsForwardedHost: boolean;
  /** What of a request decides its endpoint, by the rule for the destination. */
  readonly hashPolicy: (key: ClusterKey) => RouteAction_HashPolicyJson | undefined;
}

const NO_TIMEOUT = "0s";
const FAULT_FILTER = "envoy.filters.http.fault";
const CORS_FILTER = "envoy.filters.http.cors";

/** Whether a match can hold at all for this caller, port and gateway; the rest of it is for Envoy to decide. */
function applies(match: HTTPMatchRequest, namespace: string, context: RouteContext): boolean {
  const { gateways = [], port = 0, sourceLabels = {}, sourceNamespace = "" } = match;
  if (port !== 0 && port !== context.listenPort) return false;
  // Who names gateways means requests of any caller there: the rest is not looked at, see Istio, HTTPMatchRequest.gateways.
  if (gateways.length > 0) {
    return gateways.some((gateway) => context.gateways.has(resolveGateway(gateway, namespace)));
  }
  const { source } = context;
  const isFrom = sourceNamespace === "" || sourceNamespace === source.namespace;
  return isFrom && selects(sourceLabels, source.labels);
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
function missingCluster({ made }: Rule): RouteActionJson {
  return made?.ref.kind === "HTTPRoute"
    ? { clusterNotFoundResponseCode: "INTERNAL_SERVER_ERROR" }
    : {};
}

/** Which requests a route takes, and their ways. */
interface Taken {
  readonly match: RouteMatchJson;
  readonly ways: readonly Way[];
}

function routeAction(
  rule: Rule,
  virtualService: VirtualService,
  context: RouteContext,
  { match, ways }: Taken,
): RouteActionJson {
  const { route } = rule;
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
    ...missingCluster(rule),
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

/** Whether the proxy answers by itself. */
const isAnswered = ({ redirect, directResponse: answer }: HTTPRoute): boolean =>
  redirect !== undefined || answer !== undefined;

function handling(
  rule: Rule,
  virtualService: VirtualService,
  context: RouteContext,
  taken: Taken,
): Partial<RouteJson> {
  const { route } = rule;
  if (route.redirect !== undefined) {
    return { redirect: redirectAction(route.redirect, context, taken.match) };
  }
  if (route.directResponse !== undefined) {
    return { directResponse: directResponse(route.directResponse) };
  }
  return { route: routeAction(rule, virtualService, context, taken) };
}

function perFilterConfig(
  { route, made }: Rule,
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

/** A route of a VirtualService and one of its matches, and the numbers by which they are found in it. */
interface Rule {
  readonly route: HTTPRoute;
  readonly index: number;
  /** Of which part of another resource it was made; undefined of one from a file. */
  readonly made: MadeRoute | undefined;
  /** Absent of a route that is for every request. */
  readonly match?: { readonly request: HTTPMatchRequest; readonly index: number };
}

/**
 * Which part of which resource made the route, and which part of which delegate. The matches of the two are merged, so that
 * they are numbered as neither's.
 */
function metadata(virtualService: VirtualService, rule: Rule): MetadataJson {
  const { namespace, name } = virtualService.resource.metadata;
  return {
    filterMetadata: {
      istio: { config: configPath("virtual-service", namespace, name) },
      [OWN_METADATA]: ownMetadata(virtualService, rule),
    },
  };
}

function ownMetadata(
  { origins }: VirtualService,
  rule: Rule,
): NonNullable<MetadataJson["filterMetadata"]>[string] {
  const { made } = rule;
  if (made !== undefined) return { config: originPath(made.ref), path: made.path };
  const { index, delegate } = origins?.[rule.index] ?? { index: rule.index };
  const isNumbered = rule.match !== undefined && delegate === undefined;
  const path = `http[${index}]${isNumbered ? `.match[${rule.match.index}]` : ""}`;
  return { path, ...(delegate === undefined ? {} : { delegate: partOf(delegate) }) };
}

function partOf({
  ref,
  index,
}: NonNullable<RouteOrigin["delegate"]>): Readonly<Record<string, string>> {
  return {
    config: configPath("virtual-service", ref.namespace, ref.name),
    path: `http[${index}]`,
  };
}

function envoyRoute(rule: Rule, virtualService: VirtualService, context: RouteContext): RouteJson {
  const { route } = rule;
  const request = rule.match?.request;
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
    ...handling(rule, virtualService, context, { match, ways }),
    ...mergeMutations(headerMutations(route.headers), headerMutations(destination?.headers)),
    ...perFilterConfig(rule, only(ways)?.lookUp),
    ...(statPrefix === "" ? {} : { statPrefix }),
    metadata: metadata(virtualService, rule),
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
  const { namespace } = virtualService;
  const routes: RouteJson[] = [];
  for (const rule of rulesOf(virtualService)) {
    if (rule.match !== undefined && !applies(rule.match.request, namespace, context)) continue;
    const built = envoyRoute(rule, virtualService, context);
    routes.push(built);
    if (isCatchAll(built)) break;
  }
  return routes;
}

function rulesOf({ spec: { http = [] }, resource }: VirtualService): readonly Rule[] {
  return http.flatMap((route, index): readonly Rule[] => {
    const { match = [] } = route;
    const rule: Rule = { route, index, made: resource.madeOf?.[index] };
    if (match.length === 0) return [rule];
    return match.map((request, i) => ({ ...rule, match: { request, index: i } }));
  });
}

/** What is known of a service for which there is no VirtualService. */
export interface DefaultRouteOptions {
  readonly hash: RouteAction_HashPolicyJson | undefined;
  readonly retries: HTTPRetry | undefined;
  /** Of one whose hosts are looked up: the port that is called. */
  readonly lookUpPort: number | undefined;
}

/** The route of a service for which there is no VirtualService: everything goes to it. */
export function defaultRoute(
  key: ClusterKey,
  { hash, retries, lookUpPort }: DefaultRouteOptions,
): RouteJson {
  const policy = retryPolicy(retries, false);
  return {
    name: "default",
    match: { prefix: "/" },
    route: {
      cluster: outboundClusterName(key),
      timeout: NO_TIMEOUT,
      ...(policy === undefined ? {} : { retryPolicy: policy }),
      maxGrpcTimeout: NO_TIMEOUT,
      ...(hash === undefined ? {} : { hashPolicy: [hash] }),
    },
    ...(lookUpPort === undefined ? {} : { typedPerFilterConfig: lookUpOf(lookUpPort) }),
    decorator: { operation: `${key.hostname}:${String(key.port)}/*` },
  };
}
