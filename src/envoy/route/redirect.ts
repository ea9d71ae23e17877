import type { HTTPDirectResponse } from "../../config/kinds/http-direct-response.js";
import type { HTTPRedirect } from "../../config/kinds/http-redirect.js";
import type { RedirectActionJson, RouteJson } from "../api.js";
import { defined } from "../defined.js";

const RESPONSE_CODES: Readonly<Record<number, RedirectActionJson["responseCode"]>> = {
  301: "MOVED_PERMANENTLY",
  302: "FOUND",
  303: "SEE_OTHER",
  307: "TEMPORARY_REDIRECT",
  308: "PERMANENT_REDIRECT",
};

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

function redirectPort(redirect: HTTPRedirect): number | undefined {
  if (redirect.port !== undefined && redirect.port !== 0) return redirect.port;
  return redirect.derivePort === "FROM_PROTOCOL_DEFAULT" && redirect.scheme !== undefined
    ? DEFAULT_PORTS[redirect.scheme]
    : undefined;
}

/** The redirect that answers a request. See Istio, HTTPRedirect. */
export function redirectAction(redirect: HTTPRedirect): RedirectActionJson {
  return defined<RedirectActionJson>({
    hostRedirect: redirect.authority,
    schemeRedirect: redirect.scheme,
    portRedirect: redirectPort(redirect),
    pathRedirect: redirect.uri,
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
