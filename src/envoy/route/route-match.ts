/** Which requests a route is for: the matches of a VirtualService in Envoy's words. */
import { byKey } from "../../base/text/compare-text.js";
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type { StringMatch } from "../../config/kinds/value/string-match.js";
import type {
  HeaderMatcherJson,
  MetadataMatcherJson,
  QueryParameterMatcherJson,
  RouteJson,
  RouteMatchJson,
} from "../api.js";
import { claimMatcher, claimOrMemberMatcher, routingClaim } from "../authorization/jwt-claims.js";
import { stringMatcher } from "../string-matcher.js";

type PathMatch = Pick<
  RouteMatchJson,
  "prefix" | "pathSeparatedPrefix" | "path" | "safeRegex" | "caseSensitive"
>;

function pathMatch(match: HTTPMatchRequest | undefined, bySegment: boolean): PathMatch {
  const uri = match?.uri;
  const path: PathMatch =
    uri?.exact !== undefined
      ? { path: uri.exact }
      : uri?.regex !== undefined
        ? { safeRegex: { regex: uri.regex } }
        : prefixMatch(uri?.prefix ?? "/", bySegment);
  // Envoy takes no case for a regex: it says so itself.
  if (path.safeRegex !== undefined) return path;
  return match === undefined ? path : { ...path, caseSensitive: match.ignoreUriCase !== true };
}

function prefixMatch(prefix: string, bySegment: boolean): PathMatch {
  const segments = prefix.replace(/\/$/, "");
  return bySegment && segments !== "" ? { pathSeparatedPrefix: segments } : { prefix };
}

function headerMatcher(name: string, match: StringMatch): HeaderMatcherJson {
  const matcher = stringMatcher(match);
  return matcher === undefined ? { name, presentMatch: true } : { name, stringMatch: matcher };
}

/** Texts of regular expressions that stand for any value: `*` is none, and is taken here as Istio takes it. */
const ANY_VALUE: ReadonlySet<string | undefined> = new Set(["*", ".*"]);

function withoutHeaderMatcher(name: string, match: StringMatch): HeaderMatcherJson {
  // A missing header, taken for an empty one, would have any value.
  if (ANY_VALUE.has(match.regex)) return { name, presentMatch: true, invertMatch: true };
  const matcher = headerMatcher(name, match);
  return matcher.presentMatch === true
    ? { ...matcher, invertMatch: true }
    : // A request without the header does not have that value either.
      { ...matcher, invertMatch: true, treatMissingHeaderAsEmpty: true };
}

/** What a token has to say; that the claim is there at all when the match says nothing more. */
function claimMatcherOf(claim: readonly string[], match: StringMatch): MetadataMatcherJson {
  const text = stringMatcher(match);
  return text === undefined
    ? claimMatcher(claim, { presentMatch: true })
    : claimOrMemberMatcher(claim, { stringMatch: text });
}

function claimMatchers({ headers, withoutHeaders }: HTTPMatchRequest): MetadataMatcherJson[] {
  const of = (fields: HTTPMatchRequest["headers"]): readonly MetadataMatcherJson[] =>
    byName(fields).flatMap(([name, value]) => {
      const claim = routingClaim(name);
      return claim === undefined ? [] : [claimMatcherOf(claim, value)];
    });
  return [...of(headers), ...of(withoutHeaders).map((matcher) => ({ ...matcher, invert: true }))];
}

function byName<T>(fields: Readonly<Record<string, T>> | undefined): readonly [string, T][] {
  return Object.entries(fields ?? {}).sort(byKey);
}

const realHeaders = (fields: HTTPMatchRequest["headers"]): readonly [string, StringMatch][] =>
  byName(fields).filter(([name]) => routingClaim(name) === undefined);

function headerMatchers(match: HTTPMatchRequest): HeaderMatcherJson[] {
  const pseudo = [
    [":method", match.method],
    [":authority", match.authority],
    [":scheme", match.scheme],
  ] as const;
  return [
    ...realHeaders(match.headers).map(([name, value]) => headerMatcher(name, value)),
    ...realHeaders(match.withoutHeaders).map(([name, value]) => withoutHeaderMatcher(name, value)),
    ...pseudo.flatMap(([name, value]) => (value === undefined ? [] : [headerMatcher(name, value)])),
  ];
}

function queryMatcher(name: string, match: StringMatch): QueryParameterMatcherJson {
  const matcher = stringMatcher(match);
  return matcher === undefined ? { name, presentMatch: true } : { name, stringMatch: matcher };
}

/**
 * What a request must be for a route to take it; `bySegment` is whether a prefix ends where a segment of the path does. See
 * Istio, HTTPMatchRequest.
 */
export function routeMatch(
  match: HTTPMatchRequest | undefined,
  bySegment: boolean,
): RouteMatchJson {
  if (match === undefined) return pathMatch(undefined, bySegment);
  const headers = headerMatchers(match);
  const dynamicMetadata = claimMatchers(match);
  const queryParameters = byName(match.queryParams).map(([name, value]) =>
    queryMatcher(name, value),
  );
  return {
    ...pathMatch(match, bySegment),
    ...(headers.length > 0 ? { headers } : {}),
    ...(dynamicMetadata.length > 0 ? { dynamicMetadata } : {}),
    ...(queryParameters.length > 0 ? { queryParameters } : {}),
  };
}

/** Whether a route takes every request, so that none behind it is ever reached. */
export function isCatchAll({ match }: RouteJson): boolean {
  if (match === undefined) return false;
  const everyPath = match.prefix === "/" || match.safeRegex?.regex === ".*";
  return (
    everyPath &&
    match.headers === undefined &&
    match.queryParameters === undefined &&
    match.dynamicMetadata === undefined
  );
}

/** A path as it stands in the name of an operation: `/*` for a prefix, the text of a regex. */
export function operationPath(match: RouteMatchJson): string {
  if (match.path !== undefined) return match.path;
  if (match.pathSeparatedPrefix !== undefined) return `${match.pathSeparatedPrefix}/*`;
  return match.safeRegex?.regex ?? `${match.prefix ?? "/"}*`;
}
