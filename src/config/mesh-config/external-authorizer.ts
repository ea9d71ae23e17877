import { type ExtensionProvider, type ProviderOf, providerOf } from "./extension-provider.js";

type HttpAuthorizer = ProviderOf<"envoyExtAuthzHttp">;

/** A service of somebody's that is asked whether a request is allowed. */
export type ExternalAuthorizer = HttpAuthorizer | ProviderOf<"envoyExtAuthzGrpc">;

/** The authorizer that a provider is; undefined for providers of another kind. */
export function externalAuthorizer(provider: ExtensionProvider): ExternalAuthorizer | undefined {
  return providerOf(provider, ["envoyExtAuthzHttp", "envoyExtAuthzGrpc"]);
}

/** The status codes that Envoy can answer with, in ranges. */
const STATUS_CODES: readonly (readonly [number, number])[] = [
  [100, 100],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 417],
  [421, 424],
  [426, 426],
  [428, 429],
  [431, 431],
  [500, 508],
  [510, 511],
];

const HEADER_LISTS = [
  "includeRequestHeadersInCheck",
  "includeHeadersInCheck",
  "headersToUpstreamOnAllow",
  "headersToDownstreamOnDeny",
  "headersToDownstreamOnAllow",
] as const;

/** Why nobody can be asked by such settings; undefined when somebody can. See Istio, buildExtAuthzHTTP. */
export function authorizerProblem(authorizer: ExternalAuthorizer): string | undefined {
  const { port, statusOnError = "", includeRequestBodyInCheck: body } = authorizer.settings;
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    return `port ${String(port)} is not one of 1 to 65535`;
  }
  if (statusOnError !== "" && !isStatusCode(statusOnError)) {
    return `statusOnError "${statusOnError}" is no HTTP status that Envoy answers with`;
  }
  if (body !== undefined && (body.maxRequestBytes ?? 0) === 0) {
    return "includeRequestBodyInCheck needs maxRequestBytes";
  }
  return authorizer.kind === "envoyExtAuthzHttp" ? httpProblem(authorizer.settings) : undefined;
}

function isStatusCode(text: string): boolean {
  const code = Number(text);
  return /^\d+$/.test(text) && STATUS_CODES.some(([first, last]) => first <= code && code <= last);
}

function httpProblem(settings: HttpAuthorizer["settings"]): string | undefined {
  const { pathPrefix = "" } = settings;
  if (pathPrefix !== "" && !pathPrefix.startsWith("/")) {
    return `pathPrefix "${pathPrefix}" does not begin with /`;
  }
  const field = HEADER_LISTS.find((name) => settings[name]?.includes("*") === true);
  return field === undefined
    ? undefined
    : `${field} has "*" alone: give the beginning or the end of names`;
}
