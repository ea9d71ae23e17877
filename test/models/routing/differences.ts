/** What fairlead says otherwise of a request than the model does. */
import type { Result } from "../../../src/console/explain/explanation.js";
import { endingAtProxy } from "../../../src/simulator/ending.js";
import type { Asked } from "./http-arbitrary.js";
import { sorted } from "./outcomes.js";
import { explanationOf, type Simulated, walkOf } from "./simulated.js";
import type { Share, Verdict } from "./verdict.js";
import type { Walked } from "./walked.js";

const PASSTHROUGH = "PassthroughCluster";
/** Where connections end on ports of which nobody knows what they carry. */
const BLACK_HOLE = "BlackHoleCluster";
const BLOCKED = 502;
const UNAVAILABLE = 503;
const WHOLE = 100;

/** Of a verdict what a simulator of proxies can say, and the other way about. */
type Comparable = Readonly<Record<string, unknown>>;

function shareOf({ target, weight }: Share): readonly [string, number] {
  if (target === undefined) return ["nowhere", weight];
  const { host, port, subset } = target;
  return [`outbound|${port}|${subset}|${host}`, weight];
}

/** Several ways to nowhere are one. */
function summed(shares: readonly (readonly [string, number])[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [name, weight] of shares) sums[name] = (sums[name] ?? 0) + weight;
  return sums;
}

function ofVerdict(verdict: Verdict): Comparable {
  switch (verdict.is) {
    case "answered":
      return { status: verdict.status };
    case "redirected":
      return { status: verdict.status };
    case "blocked":
      return { status: BLOCKED };
    case "passed through":
      return { goes: { [PASSTHROUGH]: WHOLE } };
    case "forwarded": {
      const { path, shares } = verdict;
      const goes = summed(shares.map(shareOf));
      return {
        goes,
        path,
        authority: shares[0]?.authority,
        headers: shares.map(({ headers }) => sorted(headers)),
      };
    }
  }
}

function ofWalk({ walk, isKnown, forwarded }: Walked, verdict: Verdict): Comparable {
  const ending = endingAtProxy(walk, []);
  const isNowhere = walk.error === "no-cluster" && ending?.status === UNAVAILABLE;
  if (ending !== undefined && !isNowhere) return { status: ending.status };
  if (walk.clusters[0]?.name === BLACK_HOLE) return { status: BLOCKED };
  const all = walk.clusters.reduce((sum, { weight }) => sum + weight, 0);
  const goes = summed(
    walk.clusters.map(({ name, weight }) => [
      isKnown(name) ? name : "nowhere",
      (weight / all) * WHOLE,
    ]),
  );
  if (verdict.is !== "forwarded") return { goes };
  const { path, authority } = forwarded[0] ?? {};
  return { goes, path, authority, headers: forwarded.map(({ headers }) => sorted(headers)) };
}

/** Who answers, and with which status where that is a proxy. */
function ofResults(results: readonly Result[]): Comparable {
  const answerers = results.flatMap(({ answeredBy }) => answeredBy);
  const statuses = results.flatMap(({ answeredBy, status = BLOCKED }) =>
    answeredBy.length > 0 ? [] : status,
  );
  return {
    answerers: [...new Set(answerers)].sort(),
    statuses: [...new Set(statuses)].sort((a, b) => a - b),
  };
}

function resultsOfVerdict(verdict: Verdict): Comparable {
  switch (verdict.is) {
    case "passed through":
      return { answerers: ["the address that was called"], statuses: [] };
    case "forwarded": {
      const workloads = verdict.shares.map(({ target }) => target?.workloads ?? []);
      return {
        answerers: [...new Set(workloads.flat())].sort(),
        statuses: workloads.some((one) => one.length === 0) ? [UNAVAILABLE] : [],
      };
    }
    default:
      return { answerers: [], statuses: [ofVerdict(verdict)["status"]] };
  }
}

const differs = (a: Comparable, b: Comparable): boolean => JSON.stringify(a) !== JSON.stringify(b);

/** One line for each thing that is said otherwise. */
export function differences(
  known: Simulated,
  { from, request }: Asked,
  verdict: Verdict,
): readonly string[] {
  const line = (who: string, got: Comparable, wanted: Comparable): readonly string[] =>
    differs(got, wanted)
      ? [
          `${from} ${JSON.stringify(request)}: ${who} says ${JSON.stringify(got)}, the model ${JSON.stringify(wanted)}`,
        ]
      : [];
  const walked = walkOf(known, from, request);
  const { results } = explanationOf(known, from, request);
  return [
    ...line("the simulator", ofWalk(walked, verdict), ofVerdict(verdict)),
    ...line("explain", ofResults(results), resultsOfVerdict(verdict)),
  ];
}
