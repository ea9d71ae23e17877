/** A request as a route sends it on. See Envoy, RouteAction. */
import { memberOf } from "../base/member-of.js";
import type {
  HeaderValueOptionJson,
  RouteJson,
  WeightedCluster_ClusterWeightJson,
} from "../envoy/api.js";
import type { HttpRequest } from "./call.js";
import { rewritten } from "./rewritten-text.js";

/** What one of several clusters of a route changes of a request, before the route does. */
export type OwnChanges = Pick<
  WeightedCluster_ClusterWeightJson,
  "requestHeadersToAdd" | "requestHeadersToRemove" | "hostRewriteLiteral"
>;

/** The request with the path, host and headers that the route gives it, and the cluster of it to which it goes. */
export function forwardedRequest(
  request: HttpRequest,
  route: RouteJson,
  own: OwnChanges = {},
): HttpRequest {
  const { hostRewriteLiteral = own.hostRewriteLiteral } = route.route ?? {};
  return {
    ...request,
    path: rewrittenPath(request.path, route),
    authority: hostRewriteLiteral ?? request.authority,
    headers: changedHeaders(changedHeaders(request.headers, own), route),
  };
}

function rewrittenPath(path: string, { match = {}, route = {} }: RouteJson): string {
  const { prefixRewrite, regexRewrite } = route;
  if (regexRewrite !== undefined) {
    const [plain = "", ...query] = path.split("?");
    return [rewritten(plain, regexRewrite), ...query].join("?");
  }
  if (prefixRewrite === undefined) return path;
  const [whole = ""] = path.split("?", 1);
  // All that a regular expression matched is replaced, and that is the path.
  const matched = match.prefix ?? match.pathSeparatedPrefix ?? match.path ?? whole;
  return `${prefixRewrite}${path.slice(matched.length)}`;
}

function changedHeaders(
  headers: HttpRequest["headers"],
  {
    requestHeadersToAdd = [],
    requestHeadersToRemove = [],
  }: Pick<RouteJson, "requestHeadersToAdd" | "requestHeadersToRemove">,
): HttpRequest["headers"] {
  const removed = new Set(requestHeadersToRemove.map((name) => name.toLowerCase()));
  const kept = Object.entries(headers).filter(([name]) => !removed.has(name));
  return requestHeadersToAdd.reduce(withHeader, Object.fromEntries(kept));
}

function withHeader(
  headers: HttpRequest["headers"],
  { header, appendAction }: HeaderValueOptionJson,
): HttpRequest["headers"] {
  const name = (header?.key ?? "").toLowerCase();
  const value = withoutEscapes(header?.value ?? "");
  const before = memberOf(headers, name);
  const appends = appendAction === undefined || appendAction === "APPEND_IF_EXISTS_OR_ADD";
  return { ...headers, [name]: before !== undefined && appends ? `${before},${value}` : value };
}

/** A value without what stands for a percent sign; commands, which nobody can run here, are left as they are. */
const withoutEscapes = (format: string): string =>
  format.replaceAll(/%[^%]*%/g, (found) => (found === "%%" ? "%" : found));
