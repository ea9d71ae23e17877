/** Whatever routes say is done with requests, `explain` and the simulator tell what the documentation of Istio says. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { differences } from "../../models/routing/differences.js";
import { handledRequest, handlingWorld } from "../../models/routing/handling-arbitrary.js";
import { model } from "../../models/routing/model.js";
import { simulated } from "../../models/routing/simulated.js";
import { worldText } from "../../models/routing/world-text.js";
import { randomRuns } from "../../random-runs.js";
import { goldenEncoder } from "../golden/golden-case.js";

const { RUNS, SEED } = randomRuns(25);
const REQUESTS = { minLength: 40, maxLength: 40 };

const encoder = goldenEncoder();

test(`requests become what the model says, in ${RUNS} meshes of seed ${SEED}`, {
  timeout: RUNS * 5000,
}, () => {
  fc.assert(
    fc.property(handlingWorld, fc.array(handledRequest, REQUESTS), (given, all) => {
      const known = simulated(given, encoder);
      expect(known.faults).toEqual([]);
      const wrong = all.flatMap((one) =>
        differences(known, one, model(given, one.from, one.request)),
      );
      expect(wrong, worldText(given)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});
