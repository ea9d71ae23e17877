/** Where Envoy sends a client by a redirect of a route. See Envoy, RedirectAction. */
import type { RouteJson } from "../../../src/envoy/api.js";
import { forwardedRequest } from "../../../src/simulator/forwarded-request.js";
import { splitPath } from "../routing/http-match.js";
import type { HttpRequest } from "../routing/objects.js";
import type { Asked } from "./model.js";

type Redirect = NonNullable<RouteJson["redirect"]>;

const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** With the port of the Host header, but for that of the client's scheme where another one comes in its place. */
function hostOf(
  { hostRedirect, portRedirect }: Redirect,
  { authority }: HttpRequest,
  isOtherScheme: (port: number) => boolean,
): string {
  const [host = "", port] = authority.split(":");
  const isKept = hostRedirect === undefined && port !== undefined && !isOtherScheme(Number(port));
  const shown = portRedirect ?? (isKept ? port : undefined);
  return `${hostRedirect ?? host}${shown === undefined ? "" : `:${shown}`}`;
}

function pathOf({ match = {}, redirect = {} }: RouteJson, request: HttpRequest): string {
  const { pathRedirect, prefixRewrite, regexRewrite } = redirect;
  const [, query] = splitPath(request.path);
  if (pathRedirect !== undefined) {
    return query === undefined ? pathRedirect : `${pathRedirect}?${query}`;
  }
  const route = {
    ...(prefixRewrite === undefined ? {} : { prefixRewrite }),
    ...(regexRewrite === undefined ? {} : { regexRewrite }),
  };
  return forwardedRequest({ version: "http/1.1", ...request }, { match, route }).path;
}

/** The Location header. */
export function redirectedTo(route: RouteJson, asked: Asked): string {
  const { request } = asked;
  const { redirect = {} } = route;
  const own = asked.from === "gateway" && asked.serverName !== undefined ? "https" : "http";
  const { schemeRedirect: scheme = own } = redirect;
  const host = hostOf(redirect, request, (port) => scheme !== own && port === PORTS[own]);
  return `${scheme}://${host}${pathOf(route, request)}`;
}
