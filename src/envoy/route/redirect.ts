/** Answers that Envoy gives by itself: redirects and fixed responses. */
import { defined } from "../../base/defined.js";
import { memberOf } from "../../base/member-of.js";
import type { HTTPDirectResponse } from "../../config/kinds/networking/virtual-service/http-direct-response.js";
import type { HTTPRedirect } from "../../config/kinds/networking/virtual-service/http-redirect.js";
import type { RedirectActionJson, RouteJson, RouteMatchJson } from "../api.js";
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

/** The port to name; undefined where Envoy names the right one by itself: none, or that of the Host header. */
function redirectPort(
  redirect: HTTPRedirect,
  { listenPort, encrypted }: RedirectContext,
): number | undefined {
  const ownScheme = encrypted ? "https" : "http";
  const defaultPort = memberOf(DEFAULT_PORTS, redirect.scheme ?? ownScheme);
  const port = {
    FROM_REQUEST_PORT: listenPort,
    FROM_PROTOCOL_DEFAULT: defaultPort,
    "": redirect.port,
  }[redirect.derivePort ?? ""];
  if (port === undefined || port === 0) return undefined;
  // Requests for another port than that of their scheme have it in their Host header, from which Envoy would take it.
  const isHostsPort = redirect.authority === undefined && listenPort !== DEFAULT_PORTS[ownScheme];
  return port === defaultPort && !isHostsPort ? undefined : port;
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
