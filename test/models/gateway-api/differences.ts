/** What fairlead says otherwise of a request than the model does. */

import type { Result } from "../../../src/console/explain/explanation.js";
import type { RouteJson } from "../../../src/envoy/api.js";
import { endingAtProxy } from "../../../src/simulator/ending.js";
import type { HttpRequest } from "../routing/objects.js";
import { sorted } from "../routing/outcomes.js";
import type { Walked } from "../routing/walked.js";
import type { Asked } from "./model.js";
import { outcomesOf } from "./outcomes.js";
import { redirectedTo } from "./redirected.js";
import { resultsOf, type Simulated, walkOf } from "./simulated.js";
import type { Mirror, Share, Timing, Verdict } from "./verdict.js";

type Comparable = Readonly<Record<string, unknown>>;

const CLOSED: Comparable = { is: "closed" };

type Weight = readonly [name: string, weight: number];

const nameOf = ({ target, weight }: Pick<Share, "target" | "weight">): Weight => [
  target === undefined ? "nowhere" : `outbound|${target.port}||${target.host}`,
  weight,
];

/** The part of each of the whole. */
function parts(weights: readonly Weight[]): Comparable {
  const all = weights.reduce((sum, [, weight]) => sum + weight, 0);
  const sums: Record<string, number> = {};
  for (const [name, weight] of weights) {
    sums[name] = (sums[name] ?? 0) + (all === 0 ? 1 : weight / all);
  }
  return Object.fromEntries(
    Object.entries(sums)
      .map(([name, sum]): Weight => [name, Math.round(sum * 1000)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

const percents = (weights: readonly Weight[]): Comparable =>
  Object.fromEntries(weights.map(([name, weight]) => [name, Math.round(weight * 1000) / 1000]));

const ofMirrors = (mirrors: readonly Mirror[]): Comparable =>
  percents(mirrors.map(({ target, percent }) => nameOf({ target, weight: percent })));

function ofTiming({ timeout, perTry, retries }: Timing): Comparable {
  return {
    timeout: timeout ?? 0,
    perTry: perTry ?? 0,
    // Without a word of retries the mesh's policy counts.
    ...(retries === undefined ? {} : { attempts: retries.attempts, codes: [...retries.codes] }),
  };
}

function ofVerdict(verdict: Verdict): Comparable {
  switch (verdict.is) {
    case "answered":
      return { status: verdict.status };
    case "redirected":
      return { status: verdict.status, location: verdict.location };
    case "closed":
      return CLOSED;
    case "connected":
      return { goes: parts(verdict.shares.map(nameOf)) };
    case "forwarded": {
      const { path, authority, shares, mirrors, timing, failure } = verdict;
      return {
        goes: parts(shares.map(nameOf)),
        path,
        authority,
        headers: shares.map(({ headers }) => sorted(headers)),
        mirrors: ofMirrors(mirrors),
        timing: ofTiming(timing),
        failure: shares.some(({ target }) => target === undefined) ? failure : 0,
      };
    }
  }
}

const seconds = (duration: string | undefined): number =>
  Math.round(Number((duration ?? "0s").slice(0, -1)) * 1000);

const WHOLE: Readonly<Record<string, number>> = {
  HUNDRED: 100,
  TEN_THOUSAND: 10_000,
  MILLION: 1_000_000,
};

function mirrorsIn({ route }: RouteJson, isKnown: Walked["isKnown"]): Comparable {
  const policies = (route?.requestMirrorPolicies ?? []).filter(({ cluster = "" }) =>
    isKnown(cluster),
  );
  return percents(
    policies.map(({ cluster = "", runtimeFraction }): Weight => {
      const { numerator = 0, denominator = "HUNDRED" } = runtimeFraction?.defaultValue ?? {};
      return [cluster, (100 * numerator) / (WHOLE[denominator] ?? 100)];
    }),
  );
}

function timingIn({ route }: RouteJson, timing: Timing): Comparable {
  const { retryPolicy = {} } = route ?? {};
  const codes = (retryPolicy.retriableStatusCodes ?? []).map(Number);
  return {
    timeout: seconds(route?.timeout),
    perTry: seconds(retryPolicy.perTryTimeout),
    ...(timing.retries === undefined
      ? {}
      : { attempts: route?.retryPolicy === undefined ? 0 : (retryPolicy.numRetries ?? 1), codes }),
  };
}

const FAILURES: Readonly<Record<string, number>> = { INTERNAL_SERVER_ERROR: 500, NOT_FOUND: 404 };

const BLACK_HOLE = "BlackHoleCluster";

const goesTo = ({ walk, isKnown }: Walked): Comparable =>
  parts(
    walk.clusters.map(({ name, weight }): Weight => [isKnown(name) ? name : "nowhere", weight]),
  );

/** Of a connection whose bytes go on. */
function ofConnection(walked: Walked): Comparable {
  const { walk, isKnown } = walked;
  const isNowhere = walk.clusters.every(({ name }) => !isKnown(name) || name === BLACK_HOLE);
  return walk.error !== undefined || isNowhere ? CLOSED : { goes: goesTo(walked) };
}

/** Of a request that the proxy itself answers. */
function ofAnswer({ walk }: Walked, asked: Asked): Comparable | undefined {
  const ending = endingAtProxy(walk, []);
  if (ending === undefined) return undefined;
  const { status } = ending;
  if (status === undefined) return CLOSED;
  const { route } = walk.passed;
  return route?.redirect === undefined
    ? { status }
    : { status, location: redirectedTo(route, asked) };
}

function ofRequest(walked: Walked, route: RouteJson, timing: Timing): Comparable {
  const { walk, isKnown, forwarded } = walked;
  const { path, authority } = forwarded[0] ?? {};
  const failure = FAILURES[route.route?.clusterNotFoundResponseCode ?? ""] ?? 503;
  return {
    goes: goesTo(walked),
    path,
    authority,
    headers: forwarded.map(({ headers }) => sorted(headers)),
    mirrors: mirrorsIn(route, isKnown),
    timing: timingIn(route, timing),
    failure: walk.clusters.every(({ name }) => isKnown(name)) ? 0 : failure,
  };
}

function ofWalk(walked: Walked, asked: Asked, verdict: Verdict): Comparable {
  const { route, manager } = walked.walk.passed;
  if (manager === undefined) return ofConnection(walked);
  const answer = ofAnswer(walked, asked);
  if (answer !== undefined) return answer;
  return route === undefined || verdict.is !== "forwarded"
    ? { goes: goesTo(walked) }
    : ofRequest(walked, route, verdict.timing);
}

/** Who answers, and with which status where that is a proxy: 0 where the connection ends. */
function ofResults(results: readonly Result[]): Comparable {
  return ends(
    results.flatMap(({ answeredBy }) => answeredBy),
    results.flatMap(({ answeredBy, status = 0 }) => (answeredBy.length > 0 ? [] : [status])),
  );
}

const ends = (answerers: readonly string[], statuses: readonly number[]): Comparable => ({
  answerers: [...new Set(answerers)].sort(),
  statuses: [...new Set(statuses)].sort((a, b) => a - b),
});

function endsOf(verdict: Verdict, request: HttpRequest): Comparable {
  const outcomes = outcomesOf(verdict, request);
  return ends(
    outcomes.flatMap(({ by }) => by ?? []),
    outcomes.flatMap(({ by, status }) => (by === undefined ? [status] : [])),
  );
}

/** One line for each thing that is said otherwise. */
export function differences(
  known: Simulated,
  asked: Asked,
  verdict: Verdict | undefined,
): readonly string[] {
  if (verdict === undefined) return [];
  const line = (who: string, got: Comparable, wanted: Comparable): readonly string[] =>
    JSON.stringify(got) === JSON.stringify(wanted)
      ? []
      : [
          `${JSON.stringify(asked)}:\n  ${who} says ${JSON.stringify(got)}\n  the model     ${JSON.stringify(wanted)}`,
        ];
  const results = resultsOf(known, asked);
  return [
    ...line("fairlead", ofWalk(walkOf(known, asked), asked, verdict), ofVerdict(verdict)),
    ...(results === undefined
      ? []
      : line("explain", ofResults(results), endsOf(verdict, asked.request))),
  ];
}
