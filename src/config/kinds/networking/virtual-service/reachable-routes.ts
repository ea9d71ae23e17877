import { byKey } from "../../../../base/text/compare-text.js";
import type { Finding, Path } from "../../../kind.js";
import type { Findings } from "../../value/findings.js";
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
    let repeated = 0;
    for (const [number, condition] of match.entries()) {
      const key = conditionKey(condition);
      const route = seen.get(key);
      if (route === undefined) {
        seen.set(key, index);
        continue;
      }
      repeated += 1;
      yield ineffective([...at, "match", number], `route ${route} has the same`);
    }
    if (repeated === match.length)
      yield unreachable(at, "all of its matches are in routes before it");
  }
}

/** A match with the places of its route and of itself. */
export interface PlacedMatch<M> {
  readonly condition: M;
  readonly route: number;
  readonly number: number;
}

/** The matches that are not behind a route without one, nor the same as one before. */
export function differentMatches<M extends Match>(
  routes: readonly { readonly match?: readonly M[] }[],
): readonly PlacedMatch<M>[] {
  const takesAll = routes.findIndex(({ match = [] }) => match.length === 0);
  const seen = new Set<string>();
  return routes.slice(0, takesAll < 0 ? undefined : takesAll).flatMap(({ match = [] }, route) =>
    match.flatMap((condition, number) => {
      const key = conditionKey(condition);
      if (seen.has(key)) return [];
      seen.add(key);
      return [{ condition, route, number }];
    }),
  );
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
  return ineffectiveMatch(path, `this match has no effect: ${reason}`);
}

/** That a match, or a part of it, has no effect. */
export function ineffectiveMatch(path: Path, message: string): Finding {
  return { path, code: "IST0131", message, severity: "note" };
}

/** Equal for conditions that are equal, whatever they are called and in whatever order their fields are. */
function conditionKey(condition: Match): string {
  return JSON.stringify(condition, (key: string, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const fields = Object.entries(value).filter(([name]) => key !== "" || name !== "name");
    return Object.fromEntries(fields.sort(byKey));
  });
}
