import type { Finding, Path } from "../kind.js";
import type { Findings } from "./findings.js";
import type { HTTPMatchRequest } from "./http-match.js";
import type { L4MatchAttributes, TLSMatchAttributes } from "./l4-routes.js";

type Match = HTTPMatchRequest | L4MatchAttributes | TLSMatchAttributes;

/** A route of any protocol: it takes all that none before it took when it has no match. */
interface Route {
  readonly match?: readonly Match[];
}

/**
 * Routes that nothing reaches, because a route before them takes all: what is behind one without a match, or one whose
 * matches are all in routes before it (Istio's VirtualServiceUnreachableRule and VirtualServiceIneffectiveMatch).
 */
export function* checkReachable(routes: readonly Route[], path: Path): Findings {
  const seen = new Map<string, number>();
  let withoutMatch: number | undefined;
  for (const [index, { match = [] }] of routes.entries()) {
    const at = [...path, index];
    if (withoutMatch !== undefined) {
      yield unreachable(at, `route ${withoutMatch} takes all`);
      continue;
    }
    if (match.length === 0) {
      withoutMatch = index;
      continue;
    }
    const earlier = match.map((condition) => seen.get(conditionKey(condition)));
    for (const [number, route] of earlier.entries()) {
      const same = `route ${route ?? 0} has the same`;
      if (route !== undefined) yield ineffective([...at, "match", number], same);
    }
    if (!earlier.includes(undefined)) {
      yield unreachable(at, "all of its matches are in routes before it");
    }
    for (const condition of match) {
      const key = conditionKey(condition);
      if (!seen.has(key)) seen.set(key, index);
    }
  }
}

/**
 * Matches by the beginning of a path that no request gets to, because one before asks for less of the same path, and
 * otherwise for the same (Istio's VirtualServiceIneffectiveMatch).
 */
export function* checkPrefixes(
  routes: readonly { readonly match?: readonly HTTPMatchRequest[] }[],
  path: Path,
): Findings {
  const seen = new Map<string, Map<string, number>>();
  for (const [index, { match = [] }] of routes.entries()) {
    for (const [number, { uri, ...others }] of match.entries()) {
      const prefix = uri?.prefix ?? "";
      if (prefix === "") continue;
      const key = conditionKey(others);
      const routeOf = seen.get(key) ?? new Map<string, number>();
      seen.set(key, routeOf);
      const wider = beginningsOf(prefix).find((text) => routeOf.has(text));
      if (wider !== undefined) {
        const reason = `route ${routeOf.get(wider) ?? 0} takes all paths that begin with "${wider}"`;
        yield ineffective([...path, index, "match", number], reason);
      }
      if (!routeOf.has(prefix)) routeOf.set(prefix, index);
    }
  }
}

/** What a text begins with, without the whole of it; the shortest first. */
function beginningsOf(text: string): readonly string[] {
  return Array.from({ length: text.length - 1 }, (_, index) => text.slice(0, index + 1));
}

function unreachable(path: Path, reason: string): Finding {
  return {
    path,
    code: "IST0130",
    message: `nothing reaches this route: ${reason}`,
    severity: "warning",
  };
}

function ineffective(path: Path, reason: string): Finding {
  return {
    path,
    code: "IST0131",
    message: `this match has no effect: ${reason}`,
    severity: "note",
  };
}

/** Equal for conditions that are equal, whatever they are called and in whatever order their fields are. */
function conditionKey(condition: Match): string {
  return JSON.stringify(condition, (key: string, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const fields = Object.entries(value).filter(([name]) => key !== "" || name !== "name");
    return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
