/** The filters of HTTPRoutes as what VirtualServices say of headers, hosts and paths. */

import { literalRegex } from "../../base/text/literal-regex.js";
import type { HeaderModifier } from "../../config/kinds/gateway-api/header-modifier.js";
import type {
  CORSFilter,
  HTTPRouteFilter,
  RequestMirror,
  RequestRedirect,
  URLRewrite,
} from "../../config/kinds/gateway-api/http-filters.js";
import type { CorsPolicy } from "../../config/kinds/networking/virtual-service/cors-policy.js";
import type {
  HeaderOperations,
  Headers,
} from "../../config/kinds/networking/virtual-service/header-operations.js";
import type { HTTPRedirect } from "../../config/kinds/networking/virtual-service/http-redirect.js";
import type { HTTPRewrite } from "../../config/kinds/networking/virtual-service/http-rewrite.js";
import type { HTTPMirrorPolicy } from "../../config/kinds/networking/virtual-service/http-route.js";
import type { StringMatch } from "../../config/kinds/value/string-match.js";
import { type BackendContext, destinationOf, NOWHERE } from "./backend.js";

/** The filters that a route and its backends may have, of HTTPRoutes and GRPCRoutes. */
type HeaderFilters = readonly Pick<
  HTTPRouteFilter,
  "requestHeaderModifier" | "responseHeaderModifier"
>[];

/** What filters do to the headers of requests and answers; undefined for nothing. */
export function headersOf(filters: HeaderFilters): Headers | undefined {
  const request = filters.find((one) => one.requestHeaderModifier)?.requestHeaderModifier;
  const response = filters.find((one) => one.responseHeaderModifier)?.responseHeaderModifier;
  if (request === undefined && response === undefined) return undefined;
  return {
    ...(request === undefined ? {} : { request: operationsOf(request) }),
    ...(response === undefined ? {} : { response: operationsOf(response) }),
  };
}

function operationsOf({ set, add, remove }: HeaderModifier): HeaderOperations {
  return {
    ...(set === undefined ? {} : { set: byName(set) }),
    ...(add === undefined ? {} : { add: byName(add) }),
    ...(remove === undefined ? {} : { remove }),
  };
}

/** Of headers with the same name the first counts. */
function byName(headers: NonNullable<HeaderModifier["set"]>): Record<string, string> {
  const entries = headers.map(({ name, value }) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(entries.reverse());
}

/** Where copies of requests go. A mirror to a backend that does not exist or may not be used is left out. */
export function mirrorsOf(
  filters: readonly { readonly requestMirror?: RequestMirror }[],
  context: BackendContext,
): readonly HTTPMirrorPolicy[] {
  return filters.flatMap(({ requestMirror: mirror }) => {
    if (mirror === undefined) return [];
    const destination = destinationOf(mirror.backendRef, context);
    if (destination === NOWHERE) return [];
    const value = percentOf(mirror);
    return [{ destination, ...(value === undefined ? {} : { percentage: { value } }) }];
  });
}

function percentOf({ percent, fraction }: RequestMirror): number | undefined {
  if (fraction === undefined) return percent;
  return (100 * fraction.numerator) / (fraction.denominator ?? 100);
}

/** The redirect of a filter: by default with 302, to the port of the request unless it leads to another scheme. */
export function redirectOf(
  { scheme, hostname, path, port, statusCode = 302 }: RequestRedirect,
  prefix: string,
): HTTPRedirect {
  return {
    redirectCode: statusCode,
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { authority: hostname }),
    ...(port === undefined
      ? { derivePort: scheme === undefined ? "FROM_REQUEST_PORT" : "FROM_PROTOCOL_DEFAULT" }
      : { port }),
    ...(path?.replaceFullPath === undefined ? {} : { uri: path.replaceFullPath }),
    ...(path?.replacePrefixMatch === undefined
      ? {}
      : { prefixRewrite: inPlaceOf(prefix, path.replacePrefixMatch) }),
  };
}

/** What a filter does to host and path, where the path matched has a prefix; undefined for nothing. */
export function rewriteOf({ hostname, path }: URLRewrite, prefix: string): HTTPRewrite | undefined {
  if (hostname === undefined && path === undefined) return undefined;
  return {
    ...(hostname === undefined ? {} : { authority: hostname }),
    ...(path?.replaceFullPath === undefined
      ? {}
      : {
          uriRegexRewrite: {
            match: "/.*",
            rewrite: path.replaceFullPath.replaceAll("\\", "\\\\"),
          },
        }),
    ...(path?.replacePrefixMatch === undefined
      ? {}
      : { uri: inPlaceOf(prefix, path.replacePrefixMatch) }),
  };
}

/** What replaces a prefix: without a slash at its end, but with one where the prefix is `/`, or where nothing else is left. */
function inPlaceOf(prefix: string, path: string): string {
  const segments = path.replace(/\/$/, "");
  return prefix === "/" || segments === "" ? `${segments}/` : segments;
}

/** For how many seconds browsers may remember the answer to a preflight, where the filter does not say. */
const MAX_AGE = 5;

/** What a `*` in the host of an origin stands for: any part of it, of one or several labels. */
const ANY_HOST = "[-.a-zA-Z0-9]*";

/** Matches one origin, or those of a pattern with wildcards; `*` alone matches every origin. */
function originOf(origin: string): StringMatch {
  if (origin === "*" || !origin.includes("*")) return { exact: origin };
  const parts = origin.split("*").map(literalRegex);
  return { regex: parts.join(ANY_HOST) };
}

/** The CORS policy of a filter. Preflights from other origins are answered by the proxy, without permission. */
export function corsOf(cors: CORSFilter): CorsPolicy {
  const { allowOrigins = [], allowMethods, allowHeaders, exposeHeaders, allowCredentials } = cors;
  return {
    allowOrigins: allowOrigins.map(originOf),
    ...(allowMethods === undefined ? {} : { allowMethods }),
    ...(allowHeaders === undefined ? {} : { allowHeaders }),
    ...(exposeHeaders === undefined ? {} : { exposeHeaders }),
    ...(allowCredentials === true ? { allowCredentials } : {}),
    maxAge: `${cors.maxAge ?? MAX_AGE}s`,
    unmatchedPreflights: "IGNORE",
  };
}
