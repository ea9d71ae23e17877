import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { madeSets } from "../../../src/envoy/resource/resource-set.js";
import { randomRuns } from "../../random-runs.js";
import { goldenCaseNames, goldenEncoder, goldenResources } from "./golden-case.js";
import { spoiltCases } from "./spoilt-case.js";

vi.setConfig({ testTimeout: 60_000 });

const { RUNS, SEED } = randomRuns(200);

test("whatever the files say, what proxies are sent is made without an exception", () => {
  const encoder = goldenEncoder();
  let inOrder = 0;
  fc.assert(
    fc.property(spoiltCases(goldenCaseNames()), (golden) => {
      const errors = golden.snapshot.diagnostics.filter(({ severity }) => severity === "error");
      if (errors.length === 0) inOrder += 1;
      for (const sets of goldenResources(golden, encoder).values()) {
        for (const set of madeSets(sets)) set.sorted();
      }
    }),
    { numRuns: RUNS, seed: SEED },
  );
  // What has errors is left out, and says little.
  expect(inOrder).toBeGreaterThan(RUNS / 5);
});
