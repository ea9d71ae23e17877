/** An explanation as people read it. */
import type { Explanation, Result, Stage, Step } from "./explanation.js";
import type { Source } from "./provenance.js";

/** `12.5 %` */
export const percentOf = (share: number): string => `${Number((share * 100).toFixed(2))} %`;

const INDENT = "   ";
const ABOUT_WIDTH = 14;

/** See the top of this file. */
export function explanationLines({ call, stages, results }: Explanation): readonly string[] {
  return [call, "", ...stages.flatMap((stage) => stageLines(stage)), "", ...resultLines(results)];
}

/** A stage, and those behind it. */
export function stageLines({ title, steps, stages }: Stage): readonly string[] {
  const below = [...steps.flatMap(stepLines), ...stages.flatMap(stageLines)];
  return [title, ...below.map((line) => `${INDENT}${line}`)];
}

function stepLines({ about, says, sources }: Step): readonly string[] {
  const places = sources.map((source) => `by ${describeSource(source)}`);
  const texts = says === "" && places.length > 0 ? places : [says, ...places];
  return texts.map((text, i) => `${(i === 0 ? about : "").padEnd(ABOUT_WIDTH)}${text}`.trimEnd());
}

function describeSource({ what, position }: Source): string {
  return position === undefined ? what : `${what} (${position.file}:${position.line})`;
}

function resultLines(results: readonly Result[]): readonly string[] {
  return results.map(({ share, answeredBy, status, flags, condition, reason }) => {
    const percent = percentOf(share);
    const when = condition === undefined ? "" : `, if ${condition}`;
    if (answeredBy.length > 0) return `${percent} answered by ${answeredBy.join(", ")}${when}`;
    const what = status === undefined ? "connection closed" : String(status);
    return `${percent} ${what}, response flags ${flags}${when}: ${reason}`;
  });
}
