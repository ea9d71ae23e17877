/** Response flags of an access log, in the light of what the configuration makes of such a request. */
import type { Explanation, Result, Stage } from "./explanation.js";
import { percentOf, stageLines } from "./explanation-lines.js";
import type { ResponseFlag } from "./response-flags.js";

/** What the flags say and, of a request that is explained, what in the configuration has to do with them. */
export function flagLines(
  flags: readonly ResponseFlag[],
  explanation: Explanation | undefined,
): readonly string[] {
  const meanings = flags.map(({ flag, meaning }) => `${flag}: ${meaning}`);
  if (explanation === undefined) return meanings;
  const { call, stages, results } = explanation;
  const aspects = new Set<string>(flags.flatMap((one) => one.aspects));
  const shown = stages.flatMap((stage) => concerned(stage, aspects) ?? []);
  return [
    ...meanings,
    "",
    call,
    ...(shown.length === 0 ? [] : ["", ...shown.flatMap(stageLines)]),
    "",
    ...flags.map(({ flag }) => verdict(flag, results)),
  ];
}

/** A stage with the steps that have to do with it alone; undefined when there are none, in it or behind it. */
function concerned(stage: Stage, aspects: ReadonlySet<string>): Stage | undefined {
  const steps = stage.steps.filter(({ about }) => aspects.has(about));
  const stages = stage.stages.flatMap((one) => concerned(one, aspects) ?? []);
  return steps.length + stages.length === 0 ? undefined : { ...stage, steps, stages };
}

function verdict(flag: string, results: readonly Result[]): string {
  const ends = results.filter(({ flags }) => flags.split(",").includes(flag));
  if (ends.length === 0) {
    return `${flag}: by the configuration no such request has to end so; what is named above decides when it does`;
  }
  const told = ends.map(({ share, reason }) => `${percentOf(share)} of such requests: ${reason}`);
  return `${flag}: by the configuration ${told.join("; ")}`;
}
