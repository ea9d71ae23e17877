import type { HTTPDirectResponse } from "../../config/kinds/http-direct-response.js";
import type { HTTPRedirect } from "../../config/kinds/http-redirect.js";
import type { RedirectActionJson, RouteJson, RouteMatchJson } from "../api.js";
import { defined } from "../defined.js";
import { replacedPrefix } from "./path-rewrite.js";

const RESPONSE_CODES: Readonly<Record<number, RedirectActionJson["responseCode"]>> = {
  301: "MOVED_PERMANENTLY",
  302: "FOUND",
  303: "SEE_OTHER",
  307: "TEMPORARY_REDIRECT",
  308: "PERMANENT_REDIRECT",
};

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** For which requests a redirect is. */
export interface RedirectContext {
  /** The port for which they come. */
  readonly listenPort: number;
  /** They come by TLS. */
  readonly encrypted: boolean;
}

/** The port to name; undefined for that of the scheme, which Envoy leaves out by itself. */
function redirectPort(
  redirect: HTTPRedirect,
  { listenPort, encrypted }: RedirectContext,
): number | undefined {
  const port = redirect.derivePort === "FROM_REQUEST_PORT" ? listenPort : (redirect.port ?? 0);
  const scheme = redirect.scheme ?? (encrypted ? "https" : "http");
  return port === 0 || port === DEFAULT_PORTS[scheme] ? undefined : port;
}

/** The redirect that answers a request that was matched so. See Istio, HTTPRedirect. */
export function redirectAction(
  redirect: HTTPRedirect,
  context: RedirectContext,
  match: Pick<RouteMatchJson, "pathSeparatedPrefix">,
): RedirectActionJson {
  return defined<RedirectActionJson>({
    hostRedirect: redirect.authority,
    schemeRedirect: redirect.scheme,
    portRedirect: redirectPort(redirect, context),
    pathRedirect: redirect.uri,
    ...replacedPrefix(redirect.prefixRewrite, match),
    responseCode: RESPONSE_CODES[redirect.redirectCode ?? 301] ?? "MOVED_PERMANENTLY",
  });
}

/** The fixed answer to a request. See Istio, HTTPDirectResponse. */
export function directResponse({
  status,
  body,
}: HTTPDirectResponse): NonNullable<RouteJson["directResponse"]> {
  if (body?.string !== undefined) return { status, body: { inlineString: body.string } };
  return body?.bytes === undefined ? { status } : { status, body: { inlineBytes: body.bytes } };
}
