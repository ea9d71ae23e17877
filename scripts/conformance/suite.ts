import type { Static, TSchema } from "typebox";
import { Check, Errors } from "typebox/value";

/** What came of one case. */
export interface Outcome {
  readonly passed: boolean;
  /** What fairlead does, in a few words or lines. */
  readonly got: string;
  /** What Istio does. */
  readonly expected: string;
}

/** A table of cases that says how Istio behaves: `NAME.json` in the folder, a list or an object with the list `cases`. */
export interface Suite {
  readonly name: string;
  /** Judges one case. What it throws is the case's failure. */
  readonly run: (testCase: unknown) => Outcome | Promise<Outcome>;
}

/** A suite of which every case has these fields; a case that lacks one fails and says which. */
export function defineSuite<S extends TSchema>(
  name: string,
  fields: S,
  run: (testCase: Static<S>) => Outcome | Promise<Outcome>,
): Suite {
  return {
    name,
    run: (testCase) => {
      if (Check(fields, testCase)) return run(testCase);
      const wrong = Errors(fields, testCase).map(({ instancePath, message }) =>
        `${instancePath} ${message}`.trim(),
      );
      return { passed: false, got: `not a case: ${wrong.join(", ")}`, expected: "a case" };
    },
  };
}
