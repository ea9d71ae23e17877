/** Whatever VirtualServices and what else decides say, requests go where the documentation of Istio has them go. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { differences } from "../../models/routing/differences.js";
import { type Asked, askedIn } from "../../models/routing/http-arbitrary.js";
import { model } from "../../models/routing/model.js";
import { simulated } from "../../models/routing/simulated.js";
import { world } from "../../models/routing/world-arbitrary.js";
import { worldText } from "../../models/routing/world-text.js";
import { randomRuns } from "../../random-runs.js";
import { goldenEncoder } from "../golden/golden-case.js";

const { RUNS, SEED } = randomRuns(25);
const REQUESTS = { minLength: 25, maxLength: 25 };

const encoder = goldenEncoder();

test(`requests go where the model says, in ${RUNS} meshes of seed ${SEED}`, {
  timeout: RUNS * 5000,
}, () => {
  const drawn = world.chain((given) =>
    fc.tuple(fc.constant(given), fc.array(askedIn(given), REQUESTS)),
  );
  fc.assert(
    fc.property(drawn, ([given, all]) => {
      const known = simulated(given, encoder);
      expect(known.faults).toEqual([]);
      const wrong = (one: Asked): readonly string[] =>
        differences(known, one, model(given, one.from, one.request));
      expect(all.flatMap(wrong), worldText(given)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});
