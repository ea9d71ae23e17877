import type { Path } from "../../kind.js";
import { headerNameProblem } from "../format/http-headers.js";
import {
  Flag,
  list,
  NonEmptyText,
  oneOf,
  optional,
  PortNumber,
  strict,
  Text,
  textUpTo,
  type ValueOf,
} from "../value/fields.js";
import { each, type Findings, given, invalid, refuse } from "../value/findings.js";
import { BackendObjectReference, checkBackend } from "./backends.js";
import { checkExternalAuth, HTTPExternalAuthFilter } from "./external-auth.js";
import { checkHeaderModifier, HeaderModifier } from "./header-modifier.js";
import { Method } from "./http-matches.js";
import { checkReference, preciseHostnameProblem } from "./names.js";
import { upTo, within } from "./numbers.js";

/** What becomes of a path: all of it, or the prefix that was matched, is replaced. */
export type PathModifier = ValueOf<typeof PathModifier>;
const PathModifier = strict({
  type: oneOf("ReplaceFullPath", "ReplacePrefixMatch"),
  replaceFullPath: optional(textUpTo(1024)),
  replacePrefixMatch: optional(textUpTo(1024)),
});

/** Sends a copy of some requests elsewhere; of all when neither `percent` nor `fraction` is given. */
export type RequestMirror = ValueOf<typeof RequestMirror>;
export const RequestMirror = strict({
  backendRef: BackendObjectReference,
  percent: optional(upTo(100)),
  fraction: optional(
    strict({
      numerator: upTo(2147483647),
      /** 100 when absent. */
      denominator: optional(within(1, 2147483647)),
    }),
  ),
});

/** The redirect that answers a request. */
export type RequestRedirect = ValueOf<typeof RequestRedirect>;
const RequestRedirect = strict({
  scheme: optional(oneOf("http", "https")),
  hostname: optional(NonEmptyText),
  path: optional(PathModifier),
  port: optional(PortNumber),
  statusCode: optional(within(300, 399)),
});

/** What becomes of host and path before a request is forwarded. */
export type URLRewrite = ValueOf<typeof URLRewrite>;
const URLRewrite = strict({ hostname: optional(NonEmptyText), path: optional(PathModifier) });

const MethodOrAny = oneOf(...Method.enum, "*");

/** Which browsers' origins may use a route. */
export type CORSFilter = ValueOf<typeof CORSFilter>;
const CORSFilter = strict({
  allowOrigins: optional(list(Text, 64)),
  allowCredentials: optional(Flag),
  allowMethods: optional(list(MethodOrAny, 9)),
  allowHeaders: optional(list(NonEmptyText, 64)),
  exposeHeaders: optional(list(NonEmptyText, 64)),
  /** In seconds. */
  maxAge: optional(within(1, 2147483647)),
});

const ExtensionRef = strict({ group: Text, kind: NonEmptyText, name: NonEmptyText });

/** Something that is done with a request or its answer: the field of its type says what. */
export type HTTPRouteFilter = ValueOf<typeof HTTPRouteFilter>;
export const HTTPRouteFilter = strict({
  type: oneOf(
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
    "RequestRedirect",
    "URLRewrite",
    "CORS",
    "ExtensionRef",
    "ExternalAuth",
  ),
  requestHeaderModifier: optional(HeaderModifier),
  responseHeaderModifier: optional(HeaderModifier),
  requestMirror: optional(RequestMirror),
  requestRedirect: optional(RequestRedirect),
  urlRewrite: optional(URLRewrite),
  cors: optional(CORSFilter),
  extensionRef: optional(ExtensionRef),
  externalAuth: optional(HTTPExternalAuthFilter),
});

type FilterField = Exclude<keyof HTTPRouteFilter, "type">;

const FIELDS: Readonly<Record<HTTPRouteFilter["type"], FilterField>> = {
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
  RequestMirror: "requestMirror",
  RequestRedirect: "requestRedirect",
  URLRewrite: "urlRewrite",
  CORS: "cors",
  ExtensionRef: "extensionRef",
  ExternalAuth: "externalAuth",
};

/** The filters that fairlead and Istio do not have: requests that they are for are answered with an error. */
export const UNSUPPORTED_FILTERS: ReadonlySet<string> = new Set(["ExtensionRef"]);

/** Filters that can be together, each with the field of its type. */
export function* checkHttpFilters(filters: readonly HTTPRouteFilter[], path: Path): Findings {
  yield* each(filters, path, checkHttpFilter);
  yield* checkFilterTypes(
    filters.map(({ type }) => type),
    path,
  );
}

/** That filters which can be there once are; copies can be sent to several. */
export function* checkFilterTypes(types: readonly string[], path: Path): Findings {
  for (const [index, type] of types.entries()) {
    const isRepeated = types.indexOf(type) < index;
    if (isRepeated && type !== "RequestMirror" && type !== "ExtensionRef") {
      yield invalid([...path, index, "type"], `a second filter ${type}: there can be one`);
    }
  }
  const rewrite = types.indexOf("URLRewrite");
  if (rewrite >= 0 && types.includes("RequestRedirect")) {
    yield invalid(
      [...path, rewrite, "type"],
      "URLRewrite excludes RequestRedirect: a request is forwarded or redirected",
    );
  }
}

function* checkHttpFilter(filter: HTTPRouteFilter, path: Path): Findings {
  yield* checkFilterFields(filter, path, FIELDS);
  yield* given(
    filter.requestHeaderModifier,
    [...path, "requestHeaderModifier"],
    checkHeaderModifier,
  );
  yield* given(
    filter.responseHeaderModifier,
    [...path, "responseHeaderModifier"],
    checkHeaderModifier,
  );
  yield* given(filter.requestMirror, [...path, "requestMirror"], checkMirror);
  yield* given(filter.requestRedirect, [...path, "requestRedirect"], checkRedirect);
  yield* given(filter.urlRewrite, [...path, "urlRewrite"], checkRewrite);
  yield* given(filter.cors, [...path, "cors"], checkCors);
  yield* given(filter.extensionRef, [...path, "extensionRef"], checkReference);
  yield* given(filter.externalAuth, [...path, "externalAuth"], checkExternalAuth);
}

/** That of the fields of a filter the one of its type is there, and no other. */
export function* checkFilterFields(
  filter: { readonly type: string },
  path: Path,
  fields: Readonly<Record<string, string>>,
): Findings {
  const own = fields[filter.type] ?? "";
  if (!(own in filter)) yield invalid(path, `a filter ${filter.type} needs ${own}`);
  for (const field of Object.values(fields)) {
    if (field !== own && field in filter) {
      yield invalid([...path, field], `${field} is not for a filter ${filter.type}`);
    }
  }
}

/** A backend that is named rightly, and a part of the requests in one way, of at most all. */
export function* checkMirror(mirror: RequestMirror, path: Path): Findings {
  yield* checkBackend(mirror.backendRef, [...path, "backendRef"]);
  const { percent, fraction } = mirror;
  if (percent !== undefined && fraction !== undefined) {
    yield invalid([...path, "fraction"], "fraction excludes percent: give one of them");
  }
  if (fraction !== undefined && fraction.numerator > (fraction.denominator ?? 100)) {
    yield invalid([...path, "fraction", "numerator"], "the fraction is more than all requests");
  }
}

function* checkHostname(hostname: string, path: Path): Findings {
  yield* refuse(path, preciseHostnameProblem(hostname));
}

const STATUSES: readonly number[] = [301, 302, 303, 307, 308];

function* checkRedirect(redirect: RequestRedirect, path: Path): Findings {
  const { statusCode = 302 } = redirect;
  yield* given(redirect.hostname, [...path, "hostname"], checkHostname);
  yield* given(redirect.path, [...path, "path"], checkPathModifier);
  if (!STATUSES.includes(statusCode)) {
    const allowed = STATUSES.join(", ");
    yield invalid([...path, "statusCode"], `${statusCode} is no redirect that can be: ${allowed}`);
  }
}

function* checkRewrite(rewrite: URLRewrite, path: Path): Findings {
  yield* given(rewrite.hostname, [...path, "hostname"], checkHostname);
  yield* given(rewrite.path, [...path, "path"], checkPathModifier);
}

const MODIFIER_FIELDS = {
  ReplaceFullPath: "replaceFullPath",
  ReplacePrefixMatch: "replacePrefixMatch",
} as const;

function* checkPathModifier(modifier: PathModifier, path: Path): Findings {
  yield* checkFilterFields(modifier, path, MODIFIER_FIELDS);
}

const ORIGIN = /^[a-z][-a-z0-9+.]*:\/\/[^:/?#]+(?::\d{1,5})?$/i;

function* checkCors(cors: CORSFilter, path: Path): Findings {
  yield* each(cors.allowOrigins, [...path, "allowOrigins"], (origin, at) =>
    refuse(
      at,
      origin === "*" || ORIGIN.test(origin)
        ? undefined
        : `"${origin}" is no origin: a scheme, :// and a host, perhaps with a port, or *`,
    ),
  );
  for (const field of ["allowMethods", "allowHeaders", "allowOrigins"] as const) {
    const all = cors[field] ?? [];
    const values: readonly string[] = all;
    if (values.length > 1 && values.includes("*")) {
      yield invalid([...path, field], '"*" is all: nothing can be beside it');
    }
  }
  for (const field of ["allowHeaders", "exposeHeaders"] as const) {
    yield* each(cors[field], [...path, field], (name, at) =>
      refuse(at, name === "*" ? undefined : headerNameProblem(name)),
    );
  }
}
