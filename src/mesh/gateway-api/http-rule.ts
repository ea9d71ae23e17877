/** The rules of HTTPRoutes as the HTTP routes of VirtualServices: one for each match. See Istio, convertHTTPRoute. */

import { durationMs } from "../../config/duration.js";
import {
  type HTTPRouteFilter,
  UNSUPPORTED_FILTERS,
} from "../../config/kinds/gateway-api/http-filters.js";
import type { HTTPBackendRef, HTTPRouteRule } from "../../config/kinds/gateway-api/http-route.js";
import type { SessionPersistence } from "../../config/kinds/gateway-api/session-persistence.js";
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type { HTTPRetry } from "../../config/kinds/networking/virtual-service/http-retry.js";
import type {
  HTTPRoute,
  HTTPRouteDestination,
} from "../../config/kinds/networking/virtual-service/http-route.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf, type ResourceRef, refOf } from "../../config/resource.js";
import type { Made } from "./attached-route.js";
import { type BackendContext, NOWHERE } from "./backend.js";
import { sharedDestinations } from "./backend-weights.js";
import { type RouteAuthorizer, routeAuthorizer } from "./external-auth.js";
import { corsOf, headersOf, mirrorsOf, redirectOf, rewriteOf } from "./http-filter.js";
import { matchRequest } from "./http-match.js";
import { sessionState } from "./session.js";

/** The answer to requests that no backend gets. */
const ERROR: Pick<HTTPRoute, "directResponse"> = { directResponse: { status: 500 } };

/** A rule of a route, with what its matches are in a VirtualService. */
interface MatchedRule {
  readonly name?: string;
  readonly matches: readonly HTTPMatchRequest[];
  readonly rule: SessionRuleFields;
  readonly authorizer?: RouteAuthorizer | undefined;
}

/** What says whether a rule keeps clients with their endpoints: by headers one of several backends keeps none. */
interface SessionRuleFields {
  readonly sessionPersistence?: SessionPersistence;
  readonly backendRefs?: readonly { readonly weight?: number }[];
}

/**
 * The routes of a VirtualService for a rule: one for each match, which knows of which part it was made; one for all requests
 * of a rule without matches. `handlingOf` says what becomes of the requests of a match.
 */
export function ruleRoutes(
  ref: ResourceRef,
  index: number,
  { name = `${keyOf(ref).replace("/", ".")}.${index}`, matches, rule, authorizer }: MatchedRule,
  handlingOf: (match: HTTPMatchRequest) => HTTPRoute,
): readonly Made<HTTPRoute>[] {
  const path = `rules[${index}]`;
  const { sessionPersistence, backendRefs = [] } = rule;
  const receiving = backendRefs.filter(({ weight = 1 }) => weight > 0);
  const session =
    sessionPersistence === undefined ||
    (receiving.length > 1 && sessionPersistence.type === "Header")
      ? undefined
      : sessionState(sessionPersistence, { ref, index, matches });
  const made = (match: HTTPMatchRequest, at: string): Made<HTTPRoute> => ({
    route: { name, match: [match], ...handlingOf(match) },
    part: {
      ref,
      path: at,
      ...(session === undefined ? {} : { session }),
      ...(authorizer === undefined ? {} : { authorizer }),
    },
  });
  if (matches.length === 0) return [made({ uri: { prefix: "/" } }, path)];
  return matches.map((match, i) => made(match, `${path}.matches[${i}]`));
}

/** What the rules of an HTTPRoute mean. A route without rules is one for all requests, which go nowhere. */
export function httpRouteRules(
  resource: ResourceOf<"HTTPRoute">,
  context: BackendContext,
): readonly Made<HTTPRoute>[] {
  const ref = refOf(resource);
  return (resource.spec.rules ?? [{}]).flatMap((rule, index) => {
    const { name, matches = [] } = rule;
    const auth = externalAuth(rule);
    const matched = {
      ...(name === undefined ? {} : { name }),
      matches: matches.map(matchRequest),
      rule,
      authorizer: auth && routeAuthorizer(auth, context),
    };
    return ruleRoutes(ref, index, matched, ({ uri }) =>
      handling(rule, uri?.prefix ?? "/", context),
    );
  });
}

const externalAuth = ({ filters = [] }: HTTPRouteRule): HTTPRouteFilter["externalAuth"] =>
  filters.find((one) => one.externalAuth)?.externalAuth;

/** Whether one of the filters is of a type that is not supported, or asks an authorizer that may not be asked. */
function hasImpossibleFilter(
  filters: readonly HTTPRouteFilter[],
  context: BackendContext,
): boolean {
  return filters.some(
    ({ type, externalAuth: auth }) =>
      UNSUPPORTED_FILTERS.has(type) ||
      (auth !== undefined && routeAuthorizer(auth, context) === undefined),
  );
}

/** How the requests of a rule are handled; `prefix` is the one that its match has, which filters may replace. */
function handling(rule: HTTPRouteRule, prefix: string, context: BackendContext): HTTPRoute {
  const { filters = [], backendRefs = [] } = rule;
  if (hasImpossibleFilter(filters, context)) return ERROR;
  const headers = headersOf(filters);
  const cors = filters.find((one) => one.cors)?.cors;
  const shared: HTTPRoute = {
    ...(headers === undefined ? {} : { headers }),
    ...(cors === undefined ? {} : { corsPolicy: corsOf(cors) }),
  };
  const redirect = filters.find((one) => one.requestRedirect)?.requestRedirect;
  if (redirect !== undefined) return { ...shared, redirect: redirectOf(redirect, prefix) };
  const route = requestDestinations(backendRefs, context);
  if (route.length === 0) return { ...shared, ...ERROR };
  const urlRewrite = filters.find((one) => one.urlRewrite)?.urlRewrite;
  const rewrite = urlRewrite && rewriteOf(urlRewrite, prefix);
  const mirrors = mirrorsOf(filters, context);
  return {
    ...shared,
    route,
    ...(rewrite === undefined ? {} : { rewrite }),
    ...(mirrors.length === 0 ? {} : { mirrors }),
    ...timing(rule),
  };
}

/** Filters that a backend can have: those of headers. */
type BackendFilters = readonly Pick<
  HTTPRouteFilter,
  "requestHeaderModifier" | "responseHeaderModifier"
>[];

/** The backends that get requests, by weight; one with a filter that it cannot have gets none of its share. */
export function requestDestinations(
  backends: readonly (Omit<HTTPBackendRef, "filters"> & { readonly filters?: BackendFilters })[],
  context: BackendContext,
): readonly HTTPRouteDestination[] {
  return sharedDestinations(backends, context).map(({ backend, destination, share }) => {
    const { filters = [] } = backend;
    const headers = headersOf(filters);
    const isUnderstood = filters.every(
      ({ requestHeaderModifier, responseHeaderModifier }) =>
        requestHeaderModifier !== undefined || responseHeaderModifier !== undefined,
    );
    return {
      destination: isUnderstood ? destination : NOWHERE,
      ...share,
      ...(headers === undefined ? {} : { headers }),
    };
  });
}

/**
 * Failures of connections are tried again whatever the answers may be: those that cannot be made, that end before the answer,
 * and on which it does not come in time.
 */
const RETRY_ON: readonly string[] = [
  "connect-failure",
  "reset",
  "refused-stream",
  "unavailable",
  "cancelled",
];
const DEFAULT_ATTEMPTS = 2;

function timing({ timeouts = {}, retry }: HTTPRouteRule): Pick<HTTPRoute, "timeout" | "retries"> {
  const request = limitOf(timeouts.request);
  const perTry = limitOf(timeouts.backendRequest);
  if (retry === undefined) {
    const timeout = perTry ?? request;
    return timeout === undefined ? {} : { timeout };
  }
  const { codes = [], attempts = DEFAULT_ATTEMPTS, backoff } = retry;
  const retries: HTTPRetry =
    attempts <= 0
      ? { attempts: 0 }
      : {
          attempts,
          retryOn: [...RETRY_ON, ...codes.map(String)].join(","),
          ...(backoff === undefined ? {} : { backoff }),
        };
  return {
    ...(request === undefined ? {} : { timeout: request }),
    retries: perTry === undefined ? retries : { ...retries, perTryTimeout: perTry },
  };
}

/** A length of time; undefined for 0, which is no limit. */
function limitOf(duration: string | undefined): string | undefined {
  return duration === undefined || durationMs(duration) === 0 ? undefined : duration;
}
