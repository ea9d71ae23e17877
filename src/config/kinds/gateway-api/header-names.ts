import type { Path } from "../../kind.js";
import { doubtful, type Findings, unique } from "../value/findings.js";

/**
 * That headers are named once each. Of names that differ in case alone the first counts, and the others are told. See Gateway
 * API, HTTPHeader.name and HTTPHeaderMatch.name.
 */
export function* checkHeaderNames(
  names: readonly string[],
  pathOf: (index: number) => Path,
): Findings {
  yield* unique(names, pathOf, "header");
  for (const [index, name] of names.entries()) {
    const counting = names.find((one) => one.toLowerCase() === name.toLowerCase());
    if (counting === undefined || counting === name) continue;
    yield doubtful(pathOf(index), `header "${name}" is "${counting}" again, which counts`);
  }
}
