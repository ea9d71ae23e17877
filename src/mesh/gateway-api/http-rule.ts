/** The rules of HTTPRoutes as the HTTP routes of VirtualServices: one for each match. See Istio, convertHTTPRoute. */

import { durationMs } from "../../config/duration.js";
import { UNSUPPORTED_FILTERS } from "../../config/kinds/gateway-api/http-filters.js";
import type { HTTPBackendRef, HTTPRouteRule } from "../../config/kinds/gateway-api/http-route.js";
import type { HTTPRetry } from "../../config/kinds/http-retry.js";
import type { HTTPRoute, HTTPRouteDestination } from "../../config/kinds/http-route.js";
import type { ResourceOf } from "../../config/kinds.js";
import { keyOf, refOf } from "../../config/resource.js";
import type { MadePart } from "../made-of.js";
import { type BackendContext, destinationOf, NOWHERE } from "./backend.js";
import { corsOf, headersOf, mirrorsOf, redirectOf, rewriteOf } from "./http-filter.js";
import { matchRequest } from "./http-match.js";

/** A route of a VirtualService, and the part of which it was made. */
export interface MadeRoute {
  readonly route: HTTPRoute;
  readonly part: MadePart;
}

/** The answer to requests that go nowhere. */
const ERROR: Pick<HTTPRoute, "directResponse"> = { directResponse: { status: 500 } };

/** What the rules of an HTTPRoute mean. A route without rules is one for all requests, which go nowhere. */
export function httpRouteRules(
  resource: ResourceOf<"HTTPRoute">,
  context: BackendContext,
): readonly MadeRoute[] {
  const ref = refOf(resource);
  return (resource.spec.rules ?? [{}]).flatMap((rule, index) => {
    const name = rule.name ?? `${keyOf(ref).replace("/", ".")}.${index}`;
    const path = `rules[${index}]`;
    const { matches = [] } = rule;
    const whole = (match: HTTPRoute["match"], prefix: string) => ({
      name,
      ...(match === undefined ? {} : { match }),
      ...handling(rule, prefix, context),
    });
    if (matches.length === 0) {
      const match = matchRequest({});
      return [{ route: whole([match], "/"), part: { ref, path } }];
    }
    return matches.map((one, i) => {
      const match = matchRequest(one);
      const route = whole([match], match.uri?.prefix ?? "/");
      return { route, part: { ref, path: `${path}.matches[${i}]` } };
    });
  });
}

/** What becomes of the requests of a rule whose paths begin with a prefix. */
function handling(rule: HTTPRouteRule, prefix: string, context: BackendContext): HTTPRoute {
  const { filters = [], backendRefs = [] } = rule;
  if (filters.some(({ type }) => UNSUPPORTED_FILTERS.has(type))) return ERROR;
  const headers = headersOf(filters);
  const cors = filters.find((one) => one.cors)?.cors;
  const shared: HTTPRoute = {
    ...(headers === undefined ? {} : { headers }),
    ...(cors === undefined ? {} : { corsPolicy: corsOf(cors) }),
  };
  const redirect = filters.find((one) => one.requestRedirect)?.requestRedirect;
  if (redirect !== undefined) return { ...shared, redirect: redirectOf(redirect, prefix) };
  const route = destinationsOf(backendRefs, context);
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

/** The backends that get requests, by weight; one alone gets all of them. */
function destinationsOf(
  backends: readonly HTTPBackendRef[],
  context: BackendContext,
): readonly HTTPRouteDestination[] {
  const receiving = backends.filter(({ weight = 1 }) => weight > 0);
  return receiving.map((backend): HTTPRouteDestination => {
    const { weight = 1, filters = [] } = backend;
    const headers = headersOf(filters);
    const isUnderstood = filters.every(
      ({ requestHeaderModifier, responseHeaderModifier }) =>
        requestHeaderModifier !== undefined || responseHeaderModifier !== undefined,
    );
    return {
      destination: isUnderstood ? destinationOf(backend, context) : NOWHERE,
      ...(receiving.length === 1 ? {} : { weight }),
      ...(headers === undefined ? {} : { headers }),
    };
  });
}

/** The first failures are those of connections, which are tried again whatever the answers may be. */
const RETRY_ON: readonly string[] = [
  "connect-failure",
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
