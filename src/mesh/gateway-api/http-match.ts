/** The matches of HTTPRoutes as those of VirtualServices, and which of them goes before which. */
import {
  type HTTPRouteMatch,
  pathOf,
  type ValueMatch,
} from "../../config/kinds/gateway-api/http-matches.js";
import type { HTTPMatchRequest } from "../../config/kinds/networking/virtual-service/http-match.js";
import type { StringMatch } from "../../config/kinds/value/string-match.js";

/** A match of a VirtualService that takes the same requests. See Gateway API, HTTPRouteMatch. */
export function matchRequest(match: HTTPRouteMatch): HTTPMatchRequest {
  const { headers = [], queryParams = [], method } = match;
  return {
    uri: uriOf(match),
    ...(headers.length === 0 ? {} : { headers: headerMatches(headers) }),
    ...(queryParams.length === 0 ? {} : { queryParams: valueMatches(queryParams) }),
    ...(method === undefined ? {} : { method: { exact: method } }),
  };
}

/** Headers by name; of two with the same, whatever its case, the first counts. */
export function headerMatches(headers: readonly ValueMatch[]): Record<string, StringMatch> {
  return valueMatches(headers.map((header) => ({ ...header, name: header.name.toLowerCase() })));
}

function valueMatches(matches: readonly ValueMatch[]): Record<string, StringMatch> {
  const byName = new Map<string, StringMatch>();
  for (const { type, name, value } of matches) {
    const match = type === "RegularExpression" ? { regex: value } : { exact: value };
    if (!byName.has(name)) byName.set(name, match);
  }
  return Object.fromEntries(byName);
}

function uriOf(match: HTTPRouteMatch): StringMatch {
  const { type, value } = pathOf(match);
  if (type === "Exact") return { exact: value };
  if (type === "RegularExpression") return { regex: value };
  return { prefix: value === "/" ? value : value.replace(/\/$/, "") };
}

/**
 * Which of two matches goes before the other, by negative or positive numbers: of exact paths, prefixes and regular
 * expressions, in this order, the longer; then calls of any method; of equal ones that with a method of HTTP, with more
 * headers, with more parameters. One that takes every request comes last, so that the regular expressions are reached. See
 * Gateway API, HTTPRouteRule.matches and GRPCRouteRule.matches.
 */
export function compareMatches(a: HTTPMatchRequest, b: HTTPMatchRequest): number {
  const [ranksA, ranksB] = [ranksOf(a), ranksOf(b)];
  const at = ranksA.findIndex((rank, index) => rank !== ranksB[index]);
  return at < 0 ? 0 : (ranksB[at] ?? 0) - (ranksA[at] ?? 0);
}

function ranksOf({ uri, method, headers = {}, queryParams = {} }: HTTPMatchRequest): number[] {
  const { exact, prefix, regex } = uri ?? {};
  const rest = [
    method === undefined ? 0 : 1,
    Object.keys(headers).length,
    Object.keys(queryParams).length,
  ];
  const takesAll = exact === undefined && regex === undefined && (prefix ?? "/") === "/";
  if (takesAll && rest.every((one) => one === 0)) return [0];
  return [kindOf(uri), (exact ?? prefix ?? regex ?? "").length, ...rest];
}

function kindOf(uri: StringMatch | undefined): number {
  if (uri === undefined) return 1;
  if (uri.exact !== undefined) return 4;
  return uri.regex === undefined ? 3 : 2;
}
