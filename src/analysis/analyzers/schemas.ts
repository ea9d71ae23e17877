import { compareText } from "../../base/text/compare-text.js";
import { writtenName } from "../../config/kind-lookup.js";
import { KINDS } from "../../config/kinds.js";
import type { Analyzer } from "../analyzer.js";

/**
 * One for each kind that files have: what is wrong with its resources by themselves. That is found when they are read, so
 * there is nothing left to look for, but somebody may ask for it alone.
 */
export const schemaAnalyzers: readonly Analyzer[] = [
  ...new Set(Object.values(KINDS).map(writtenName)),
]
  .sort(compareText)
  .map((kind) => ({
    name: `schema.ValidationAnalyzer.${kind}`,
    description: `the fields of each ${kind}`,
    reads: kind,
    analyze: () => [],
  }));
