/** Analyzers by the names by which people ask for them. */
import type { Analyzer } from "../../../analysis/analyzer.js";
import { ANALYZERS, DEFAULT_ANALYZERS } from "../../../analysis/analyzers.js";
import { didYouMean } from "../../../base/text/closest-word.js";
import { CommandError } from "../../command-error.js";

/**
 * The analyzers of these names.
 * @throws CommandError when there is none of a name
 */
export function namedAnalyzers(names: readonly string[]): readonly Analyzer[] {
  return names.map((name) => {
    const analyzer = ANALYZERS.find((one) => one.name === name);
    if (analyzer !== undefined) return analyzer;
    const guess = didYouMean(
      name,
      ANALYZERS.map((one) => one.name),
    );
    throw new CommandError(
      `there is no analyzer ${name}${guess}`,
      "`fairlead analyze --list-analyzers` shows those that there are",
    );
  });
}

/** All of them, a paragraph each. */
export function describeAnalyzers(): string {
  const sorted = ANALYZERS.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const lines = sorted.map((one) => {
    const asked = DEFAULT_ANALYZERS.includes(one) ? "" : " (only with --analyzer)";
    return `* ${one.name}:\n    checks ${one.description}${asked}\n`;
  });
  return lines.join("");
}
