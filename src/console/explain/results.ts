/** What comes of a call in the end: who answers, or why nobody does, and with which share of the requests. */
import type { Ending } from "../../simulator/ending.js";
import type { Branch, Hop, Journey } from "../../simulator/journey.js";
import type { Result } from "./explanation.js";
import { extensionConditions } from "./extension-steps.js";
import { nameOf, type Scene } from "./scene.js";

/** The results of a journey, the most likely first. */
export function resultsOf(scene: Scene, { hop, ending, branches }: Journey): readonly Result[] {
  const results =
    ending === undefined
      ? branches.map((branch) => endsOf(scene, branch, { share: 1, hops: [hop] }))
      : [[resultOf(1, ending, "")]];
  return results.flatMap(joined).sort((a, b) => b.share - a.share);
}

/** The way of a part of the requests, up to where it branches. */
interface Before {
  readonly share: number;
  readonly hops: readonly Hop[];
}

function endsOf(scene: Scene, branch: Branch, { share, hops }: Before): readonly Result[] {
  const all = share * branch.share;
  if (branch.ending !== undefined) {
    const result = resultOf(all, branch.ending, branch.outside?.who ?? "");
    return [conditional(scene, result, hops)];
  }
  return branch.arrivals.flatMap(({ endpoint, hop, ending, branches }) => {
    const { address, port } = endpoint;
    const way = { share: all * endpoint.share, hops: [...hops, ...(hop ? [hop] : [])] };
    if (ending === undefined) return branches.flatMap((onward) => endsOf(scene, onward, way));
    const name = nameOf(scene, address);
    const server = name === "" ? `${address}:${port}` : name;
    return [conditional(scene, resultOf(way.share, ending, server), way.hops)];
  });
}

/** A result for which what the proxies on the way cannot say by themselves has to hold. */
function conditional(scene: Scene, result: Result, hops: readonly Hop[]): Result {
  const conditions = hops.flatMap((hop) => [
    ...hop.verdicts.flatMap((one) => one.condition ?? []),
    ...extensionConditions(scene, hop),
  ]);
  return conditions.length === 0 ? result : { ...result, condition: conditions.join(", and ") };
}

function resultOf(
  share: number,
  { isAnswered, status, flags, reason }: Ending,
  server: string,
): Result {
  return {
    share,
    answeredBy: isAnswered ? [server] : [],
    ...(status === undefined ? {} : { status }),
    flags: flags.length === 0 ? "-" : flags.join(","),
    reason,
  };
}

/** Results of one branch that are the same but for who answers are one, where those answer as many calls each. */
function joined(results: readonly Result[]): readonly Result[] {
  const byEnd = new Map<string, Result>();
  for (const result of results) {
    const { answeredBy, share } = result;
    const each = answeredBy.length === 0 ? 0 : Number(share.toFixed(6));
    const key = JSON.stringify({ ...result, share: each, answeredBy: answeredBy.length });
    const before = byEnd.get(key);
    byEnd.set(key, {
      ...result,
      share: (before?.share ?? 0) + result.share,
      answeredBy: [...new Set([...(before?.answeredBy ?? []), ...result.answeredBy])],
    });
  }
  return [...byEnd.values()];
}
