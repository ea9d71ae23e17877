/** Whatever DestinationRules and what else decides say, destinations are called as the documentation of Istio has it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { differences } from "../../models/traffic-policy/differences.js";
import { made } from "../../models/traffic-policy/made.js";
import { world } from "../../models/traffic-policy/world-arbitrary.js";
import { worldText } from "../../models/traffic-policy/world-text.js";
import { randomRuns } from "../../random-runs.js";
import { goldenEncoder } from "../golden/golden-case.js";

const { RUNS, SEED } = randomRuns(25);

const encoder = goldenEncoder();

test(`clusters and endpoints are those of the model, in ${RUNS} meshes of seed ${SEED}`, {
  timeout: RUNS * 5000,
}, () => {
  fc.assert(
    fc.property(world, (given) => {
      const found = made(given, encoder);
      expect(found.faults).toEqual([]);
      expect(differences(given, found), worldText(given)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});
