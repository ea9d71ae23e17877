import type { Path } from "../../kind.js";
import { optional, strict, Text, type ValueOf } from "./fields.js";
import { atMostOne, type Findings, given, invalid, refuse } from "./findings.js";
import { regexProblem } from "./regular-expressions.js";

/** How a text is compared: one of exact, prefix or RE2 regex; case-sensitive (Istio's StringMatch). */
export type StringMatch = ValueOf<typeof StringMatch>;
export const StringMatch = strict({
  exact: optional(Text),
  prefix: optional(Text),
  regex: optional(Text),
});

/** One way to compare, and a regular expression that is one; an empty prefix is fine, as that of a path is. */
export function* checkPathMatch(match: StringMatch, path: Path): Findings {
  yield* atMostOne(match, path, ["exact", "prefix", "regex"]);
  yield* given(match.regex, [...path, "regex"], checkRegex);
}

/** As `checkPathMatch`, and a prefix that says something, which Envoy asks of everything but paths. */
export function* checkStringMatch(match: StringMatch, path: Path): Findings {
  yield* checkPathMatch(match, path);
  if (match.prefix === "") yield invalid([...path, "prefix"], "a prefix cannot be empty");
}

/** A regular expression of RE2. */
export function checkRegex(regex: string, path: Path): Findings {
  return refuse(path, regexProblem(regex));
}
