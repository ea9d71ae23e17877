import { isDeepStrictEqual } from "node:util";
import type { Path } from "../../../kind.js";
import type { Findings } from "../../value/findings.js";
import type { StringMatch } from "../../value/string-match.js";
import type { HTTPMatchRequest } from "./http-match.js";
import { differentMatches, ineffectiveMatch, type PlacedMatch } from "./reachable-routes.js";

type Placed = PlacedMatch<HTTPMatchRequest>;
type StringMatches = Readonly<Record<string, StringMatch>>;

/** What has to be the same, or is not asked by one of two matches. */
const OTHERS = [
  "scheme",
  "sourceLabels",
  "gateways",
  "ignoreUriCase",
  "sourceNamespace",
] as const satisfies readonly (keyof HTTPMatchRequest)[];

/** What a match is called, and the paths, of which the one is known to begin with the other. */
const NOT_COMPARED: ReadonlySet<keyof HTTPMatchRequest> = new Set(["name", "statPrefix", "uri"]);

/**
 * Matches by the beginning of a path that get nothing, or not all that they are for, because one before them is for a
 * shorter beginning of it and takes the same requests otherwise (Istio's VirtualServiceIneffectiveMatch).
 */
export function* checkPrefixes(
  routes: readonly { readonly match?: readonly HTTPMatchRequest[] }[],
  path: Path,
): Findings {
  const seen = new Map<string, Placed[]>();
  for (const placed of differentMatches(routes)) {
    const { condition, route, number } = placed;
    const prefix = condition.uri?.prefix ?? "";
    if (prefix === "") continue;
    const earlier = beginningsOf(prefix).flatMap((text) => seen.get(text) ?? []);
    for (const one of earlier) {
      if (!isBehind(condition, one.condition)) continue;
      yield ineffectiveMatch([...path, route, "match", number], describe(condition, one));
    }
    const others = seen.get(prefix);
    if (others === undefined) seen.set(prefix, [placed]);
    else others.push(placed);
  }
}

/** What a text begins with, without the whole of it; the shortest first. */
function beginningsOf(text: string): readonly string[] {
  return Array.from({ length: text.length - 1 }, (_, index) => text.slice(0, index + 1));
}

function describe(condition: HTTPMatchRequest, { condition: earlier, route }: Placed): string {
  const paths = `paths that begin with "${earlier.uri?.prefix ?? ""}"`;
  return asksNoMore(earlier, condition)
    ? `this match has no effect: route ${route} takes all ${paths}`
    : `this match does not get all that it is for: route ${route} is before it, and takes requests of ${paths} too`;
}

/** Whether a match takes all that another one of its paths takes. */
function asksNoMore(earlier: HTTPMatchRequest, condition: HTTPMatchRequest): boolean {
  const fields = Object.keys(earlier) as (keyof HTTPMatchRequest)[];
  return fields
    .filter((field) => !NOT_COMPARED.has(field))
    .every((field) => isDeepStrictEqual(earlier[field], condition[field]));
}

/** As Istio sees it, and only where some request is for both. */
function isBehind(condition: HTTPMatchRequest, earlier: HTTPMatchRequest): boolean {
  return (
    (condition.port ?? 0) === (earlier.port ?? 0) &&
    overlaps(methodOf(condition), methodOf(earlier)) &&
    overlaps(condition.authority, earlier.authority) &&
    eachOverlaps(condition.headers, earlier.headers) &&
    eachOverlaps(condition.queryParams, earlier.queryParams) &&
    eachOverlaps(condition.withoutHeaders, earlier.withoutHeaders) &&
    OTHERS.every((field) => isSame(condition[field], earlier[field]))
  );
}

/** A match for any method counts as one for GET, as Istio has it. */
function methodOf({ method = {} }: HTTPMatchRequest): StringMatch {
  return isAny(method) ? { exact: "GET" } : method;
}

function eachOverlaps(matches: StringMatches = {}, earlier: StringMatches = {}): boolean {
  const names = Object.keys(earlier);
  return (
    names.length === Object.keys(matches).length &&
    names.every((name) => Object.hasOwn(matches, name) && overlaps(matches[name], earlier[name]))
  );
}

/** Whether the earlier match asks for the same text, or for one that begins as the other asks. */
function overlaps(match: StringMatch = {}, earlier: StringMatch = {}): boolean {
  // What regular expressions have in common is not known.
  if (match.regex !== undefined || earlier.regex !== undefined) {
    return match.regex === earlier.regex || isAny(match) || isAny(earlier);
  }
  const { exact = "", prefix = "" } = match;
  if (exact !== "") return exact === earlier.exact;
  return isAny(match) || (earlier.prefix ?? "").startsWith(prefix);
}

function isAny({ exact = "", prefix = "", regex }: StringMatch): boolean {
  return exact === "" && prefix === "" && regex === undefined;
}

function isSame(value: unknown, earlier: unknown): boolean {
  return value === undefined || earlier === undefined || isDeepStrictEqual(value, earlier);
}
