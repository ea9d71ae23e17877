/** Questions of browsers whether they may send a request, and which a proxy answers by itself. See Envoy, CorsPolicy. */
import { memberOf } from "../base/member-of.js";
import type { CorsPolicyJson, RouteJson, VirtualHostJson } from "../envoy/api.js";
import type { HttpRequest } from "./call.js";
import { matchesString } from "./value-match.js";

const CORS_FILTER = "envoy.filters.http.cors";

/** Whether a request is such a question. See Fetch, "CORS-preflight request". */
export function isPreflight({ method, headers }: HttpRequest): boolean {
  const asked = ["origin", "access-control-request-method"];
  return method === "OPTIONS" && asked.every((name) => (memberOf(headers, name) ?? "") !== "");
}

/** Whether the request is such a question, and one that its route does not send on. Routes that answer by themselves are asked nothing. */
export function answersPreflight(
  virtualHost: VirtualHostJson,
  route: RouteJson,
  request: HttpRequest,
): boolean {
  const configs = { ...virtualHost.typedPerFilterConfig, ...route.typedPerFilterConfig };
  const policy = configs[CORS_FILTER] as CorsPolicyJson | undefined;
  if (policy === undefined || route.route === undefined || !isPreflight(request)) return false;
  const origin = memberOf(request.headers, "origin") ?? "";
  return policy.forwardNotMatchingPreflights === false || isAllowed(policy, origin);
}

/** A matcher that takes `*` takes all origins. */
const isAllowed = ({ allowOriginStringMatch = [] }: CorsPolicyJson, origin: string): boolean =>
  allowOriginStringMatch.some((one) => matchesString(one, "*") || matchesString(one, origin));
