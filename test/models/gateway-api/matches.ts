/** Which requests a match takes, and which match goes before which. See HTTPRouteMatch, HTTPPathMatch and GRPCRouteMatch. */
import { RE2JS } from "re2js";
import { splitPath } from "../routing/http-match.js";
import type { HttpRequest } from "../routing/objects.js";
import type { GRPCRouteMatch, HTTPRouteMatch, ValueMatch } from "./objects.js";

/** How a path is compared. */
export interface PathMatch {
  readonly type: "Exact" | "PathPrefix" | "RegularExpression";
  readonly value: string;
}

/** A match of any kind of route. */
export interface Match {
  /** None of a GRPCRoute for any method. */
  readonly path?: PathMatch;
  readonly headers: readonly ValueMatch[];
  readonly queryParams: readonly ValueMatch[];
  readonly method?: string;
}

/** "Path defaults to a prefix match on the path "/"". */
export function ofHttp({ path = {}, headers, queryParams, method }: HTTPRouteMatch): Match {
  const { type = "PathPrefix", value = "/" } = path;
  return {
    path: { type, value },
    headers: headers ?? [],
    queryParams: queryParams ?? [],
    ...(method === undefined ? {} : { method }),
  };
}

/** A call is a request for `/SERVICE/METHOD`. */
export function ofGrpc({ method, headers = [] }: GRPCRouteMatch): Match {
  const shared = { headers, queryParams: [] };
  return method === undefined ? shared : { ...shared, path: pathOfCall(method) };
}

function pathOfCall({
  type = "Exact",
  service,
  method,
}: NonNullable<GRPCRouteMatch["method"]>): PathMatch {
  if (type === "RegularExpression" || service === undefined) {
    const any = type === "RegularExpression" ? ".+" : "";
    const regex = `/${service ?? "[^/]+"}/${method ?? any}`;
    return { type: "RegularExpression", value: regex };
  }
  return method === undefined
    ? { type: "PathPrefix", value: `/${service}` }
    : { type: "Exact", value: `/${service}/${method}` };
}

const isFullMatch = (regex: string, text: string): boolean => RE2JS.matches(regex, text);

const withoutSlash = (path: string): string => path.replace(/\/$/, "");

/** "Matching is case-sensitive and done on a path element by element basis … a trailing `/` is ignored". */
function matchesPath({ type, value }: PathMatch, path: string): boolean {
  switch (type) {
    case "Exact":
      return path === value;
    case "RegularExpression":
      return isFullMatch(value, path);
    case "PathPrefix":
      return path === withoutSlash(value) || path.startsWith(`${withoutSlash(value)}/`);
  }
}

const matchesValue = ({ type = "Exact", value }: ValueMatch, text: string | undefined): boolean =>
  text !== undefined && (type === "Exact" ? text === value : isFullMatch(value, text));

/** "If multiple entries specify equivalent names, only the first … MUST be considered". */
const firstOfEach = (
  all: readonly ValueMatch[],
  nameOf: (name: string) => string,
): readonly ValueMatch[] =>
  all.filter((one, i) => all.findIndex(({ name }) => nameOf(name) === nameOf(one.name)) === i);

/** The headers that count; their names are the same in any case. */
const headersOf = ({ headers }: Match): readonly ValueMatch[] =>
  firstOfEach(headers, (name) => name.toLowerCase());

/** The first value of a parameter, as it was sent. */
function parameter(query: string, name: string): string | undefined {
  const pairs = query.split("&").map((pair) => pair.split("="));
  const found = pairs.find(([key]) => key === name);
  return found?.slice(1).join("=");
}

/** "All conditions" of a match have to hold. */
export function takesRequest(match: Match, request: HttpRequest): boolean {
  const [path, query = ""] = splitPath(request.path);
  return (
    (match.path === undefined || matchesPath(match.path, path)) &&
    (match.method === undefined || match.method === request.method) &&
    headersOf(match).every((one) => matchesValue(one, request.headers[one.name.toLowerCase()])) &&
    match.queryParams.every((one) => matchesValue(one, parameter(query, one.name)))
  );
}

const KINDS: readonly PathMatch["type"][] = ["RegularExpression", "PathPrefix", "Exact"];

/** A match that takes all requests. It goes behind all others, so that regular expressions are reached. */
function takesAll({ path, method, headers, queryParams }: Match): boolean {
  const isAnyPath = path === undefined || (path.type === "PathPrefix" && path.value === "/");
  return isAnyPath && method === undefined && headers.length + queryParams.length === 0;
}

/**
 * What makes a match go before others, the first that differs: "“Exact” path match. “Prefix” path match with largest number of
 * characters. Method match. Largest number of header matches. Largest number of query param matches." Of calls those come
 * first that are told by their service or method.
 */
export function precedence(match: Match): readonly number[] {
  if (takesAll(match)) return [-1];
  const { path, method, queryParams } = match;
  const prefix = path?.type === "PathPrefix" && path.value !== "/";
  const value = prefix ? withoutSlash(path.value) : (path?.value ?? "");
  return [
    path === undefined ? -0.5 : KINDS.indexOf(path.type),
    value.length,
    method === undefined ? 0 : 1,
    headersOf(match).length,
    queryParams.length,
  ];
}

/** By the first of their numbers that differs, the greater first. */
export function compareNumbers(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((one, i) => one !== b[i]);
  return at < 0 ? 0 : (b[at] ?? 0) - (a[at] ?? 0);
}
