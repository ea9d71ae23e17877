import type { Path } from "../../../kind.js";
import { each, type Findings, given, invalid } from "../../value/findings.js";
import { checkNotNegative } from "../../value/numbers.js";

/** Weights that are 0 or more, of which one is not 0 where there is a choice; they need not add up to 100. */
export function* checkWeights(
  destinations: readonly { readonly weight?: number }[],
  path: Path,
): Findings {
  yield* each(destinations, path, ({ weight }, at) =>
    given(weight, [...at, "weight"], checkNotNegative),
  );
  const total = destinations.reduce((sum, { weight = 0 }) => sum + weight, 0);
  if (destinations.length > 1 && total === 0) {
    yield invalid(path, "the weights of all destinations are 0: one has to be more");
  }
}
