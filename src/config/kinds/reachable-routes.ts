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
 * Routes that nothing reaches, because a route before them takes all: a second one without a match, or one whose
 * matches are all in routes before it (Istio's VirtualServiceUnreachableRule and VirtualServiceIneffectiveMatch).
 */
export function* checkReachable(routes: readonly Route[], path: Path): Findings {
  const seen = new Map<string, number>();
  let withoutMatch: number | undefined;
  for (const [index, { match = [] }] of routes.entries()) {
    const at = [...path, index];
    if (match.length === 0) {
      if (withoutMatch !== undefined) yield unreachable(at, `route ${withoutMatch} takes all`);
      withoutMatch ??= index;
      continue;
    }
    const earlier = match.map((condition) => seen.get(conditionKey(condition)));
    for (const [number, route] of earlier.entries()) {
      if (route !== undefined) yield ineffective([...at, "match", number], route);
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

function unreachable(path: Path, reason: string): Finding {
  return {
    path,
    code: "IST0130",
    message: `nothing reaches this route: ${reason}`,
    severity: "warning",
  };
}

function ineffective(path: Path, route: number): Finding {
  return {
    path,
    code: "IST0131",
    message: `this match has no effect: route ${route} has the same`,
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
