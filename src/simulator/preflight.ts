/** Which questions of browsers a proxy answers by itself. See Envoy, CorsPolicy. */
import { memberOf } from "../base/member-of.js";
import type { CorsPolicyJson, RouteJson, VirtualHostJson } from "../envoy/api.js";
import type { HttpRequest } from "./call.js";
import { matchesString } from "./value-match.js";

const CORS_FILTER = "envoy.filters.http.cors";

/** Whether the request is such a question, and one that its route does not send on. Routes that answer by themselves are asked nothing. */
export function answersPreflight(
  virtualHost: VirtualHostJson,
  route: RouteJson,
  { method, headers }: HttpRequest,
): boolean {
  const configs = { ...virtualHost.typedPerFilterConfig, ...route.typedPerFilterConfig };
  const policy = configs[CORS_FILTER] as CorsPolicyJson | undefined;
  const origin = memberOf(headers, "origin") ?? "";
  const asked = memberOf(headers, "access-control-request-method") ?? "";
  if (policy === undefined || route.route === undefined) return false;
  if (method !== "OPTIONS" || origin === "" || asked === "") return false;
  return policy.forwardNotMatchingPreflights === false || isAllowed(policy, origin);
}

/** A matcher that takes `*` takes all origins. */
const isAllowed = ({ allowOriginStringMatch = [] }: CorsPolicyJson, origin: string): boolean =>
  allowOriginStringMatch.some((one) => matchesString(one, "*") || matchesString(one, origin));
