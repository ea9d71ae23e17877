/** Whatever the resources of the Gateway API say, requests go where its reference has them go, and what is amiss is told. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { conditionsOf } from "../../models/gateway-api/conditions.js";
import { differences } from "../../models/gateway-api/differences.js";
import { type Asked, model } from "../../models/gateway-api/model.js";
import { askedIn } from "../../models/gateway-api/request-arbitrary.js";
import { simulated } from "../../models/gateway-api/simulated.js";
import { world } from "../../models/gateway-api/world-arbitrary.js";
import { worldText } from "../../models/gateway-api/world-text.js";
import { randomRuns } from "../../random-runs.js";
import { goldenEncoder } from "../golden/golden-case.js";

const { RUNS, SEED } = randomRuns(20);
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
      expect(known.conditions, worldText(given)).toEqual(conditionsOf(given));
      const wrong = (one: Asked): readonly string[] => differences(known, one, model(given, one));
      expect(all.flatMap(wrong), worldText(given)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});
