/** Which route of a virtual host takes a request: the first whose conditions all hold. See Envoy, RouteMatch. */
import { memberOf } from "../base/member-of.js";
import type { RouteJson, RouteMatchJson, VirtualHostJson } from "../envoy/api.js";
import { type Examined, hasMetadata } from "./access/rbac.js";
import type { HttpRequest } from "./call.js";
import { isFullMatch, matchesHeader, matchesQueryParameter } from "./value-match.js";

/** A request as routes look at it. */
interface Routed {
  readonly request: HttpRequest;
  /** Of the connection: `http` or `https`. */
  readonly scheme: string;
  /** What filters have left of it. */
  readonly metadata: Examined["metadata"];
}

function matchesPath(match: RouteMatchJson, { method, path }: HttpRequest): boolean {
  const { prefix, path: exact, safeRegex, pathSeparatedPrefix, connectMatcher } = match;
  if (connectMatcher !== undefined) return method === "CONNECT";
  if (method === "CONNECT") return false;
  const [plain = ""] = path.split("?", 1);
  if (safeRegex !== undefined) return isFullMatch(safeRegex.regex ?? "", plain);
  const fold = (text: string): string =>
    match.caseSensitive === false ? text.toLowerCase() : text;
  const given = fold(plain);
  if (exact !== undefined) return given === fold(exact);
  if (pathSeparatedPrefix !== undefined) {
    const wanted = fold(pathSeparatedPrefix);
    return given === wanted || given.startsWith(`${wanted}/`);
  }
  return given.startsWith(fold(prefix ?? ""));
}

function headerOf({ request, scheme }: Routed, name: string): string | undefined {
  switch (name.toLowerCase()) {
    case ":method":
      return request.method;
    case ":authority":
    case "host":
      return request.authority;
    case ":path":
      return request.path;
    case ":scheme":
      return scheme;
    default:
      return memberOf(request.headers, name.toLowerCase());
  }
}

/** The first value of a parameter, as it was sent: Envoy does not decode what routes look at. */
function parameterOf(query: string, name: string): string | null {
  const pairs = query.split("&");
  const found = pairs.find((pair) => pair === name || pair.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}

function matches({ match = {} }: RouteJson, routed: Routed): boolean {
  const { request } = routed;
  if (!matchesPath(match, request)) return false;
  const { path } = request;
  const query = path.includes("?") ? path.slice(path.indexOf("?") + 1) : "";
  return (
    (match.headers ?? []).every((one) => matchesHeader(one, headerOf(routed, one.name ?? ""))) &&
    (match.queryParameters ?? []).every((one) =>
      matchesQueryParameter(one, parameterOf(query, one.name ?? "")),
    ) &&
    (match.dynamicMetadata ?? []).every((one) => hasMetadata(one, routed)) &&
    (match.grpc === undefined ||
      request.headers["content-type"]?.startsWith("application/grpc") === true)
  );
}

/** The route of a request; undefined when the virtual host has none for it. */
export function matchRoute(
  { routes = [] }: VirtualHostJson,
  routed: Routed,
): { readonly route: RouteJson; readonly index: number } | undefined {
  const index = routes.findIndex((route) => matches(route, routed));
  const route = routes[index];
  return route && { route, index };
}
