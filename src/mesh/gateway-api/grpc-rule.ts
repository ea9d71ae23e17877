/** The rules of GRPCRoutes as the HTTP routes of VirtualServices: calls of gRPC are requests by POST. See Istio, convertGRPCRoute. */
import type { GRPCRouteMatch, GRPCRouteRule } from "../../config/kinds/gateway-api/grpc-route.js";
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type { HTTPRoute } from "../../config/kinds/networking/virtual-service/http-route.js";
import type { StringMatch } from "../../config/kinds/value/string-match.js";
import type { ResourceOf } from "../../config/kinds.js";
import { refOf } from "../../config/resource.js";
import type { Made } from "./attached-route.js";
import type { BackendContext } from "./backend.js";
import { headersOf, mirrorsOf } from "./http-filter.js";
import { headerMatches } from "./http-match.js";
import { requestDestinations, ruleRoutes } from "./http-rule.js";

/** The answer to calls that no backend gets: to clients of gRPC Envoy says it as UNAVAILABLE. */
const UNAVAILABLE: Pick<HTTPRoute, "directResponse"> = { directResponse: { status: 503 } };

/** What the rules of a GRPCRoute mean. */
export function grpcRouteRules(
  resource: ResourceOf<"GRPCRoute">,
  context: BackendContext,
): readonly Made<HTTPRoute>[] {
  return (resource.spec.rules ?? [{}]).flatMap((rule, index) => {
    const { name, matches = [] } = rule;
    const matched = {
      ...(name === undefined ? {} : { name }),
      matches: matches.map(matchRequest),
      rule,
    };
    return ruleRoutes(refOf(resource), index, matched, () => handling(rule, context));
  });
}

function handling(
  { filters = [], backendRefs = [] }: GRPCRouteRule,
  context: BackendContext,
): HTTPRoute {
  if (filters.some(({ extensionRef }) => extensionRef !== undefined)) return UNAVAILABLE;
  const headers = headersOf(filters);
  const route = requestDestinations(backendRefs, context);
  const mirrors = mirrorsOf(filters, context);
  return {
    ...(headers === undefined ? {} : { headers }),
    ...(route.length === 0 ? UNAVAILABLE : { route, ...(mirrors.length === 0 ? {} : { mirrors }) }),
  };
}

function matchRequest({ method, headers = [] }: GRPCRouteMatch): HTTPMatchRequest {
  return {
    ...(method === undefined ? {} : { uri: uriOf(method) }),
    ...(headers.length === 0 ? {} : { headers: headerMatches(headers) }),
  };
}

/** The path of a call is `/SERVICE/METHOD`. */
function uriOf({
  type = "Exact",
  service = "",
  method = "",
}: NonNullable<GRPCRouteMatch["method"]>): StringMatch {
  if (type === "RegularExpression") {
    return { regex: `/${service === "" ? "[^/]+" : service}/${method === "" ? ".+" : method}` };
  }
  if (service === "") return { regex: `/[^/]+/${method}` };
  return method === "" ? { prefix: `/${service}/` } : { exact: `/${service}/${method}` };
}
