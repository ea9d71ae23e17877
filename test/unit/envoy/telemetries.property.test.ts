/** Whatever Telemetries and the configuration of the mesh say, proxies tell of requests what Istio's documentation has them tell. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { differences } from "../../models/telemetry/differences.js";
import { made } from "../../models/telemetry/made.js";
import { world } from "../../models/telemetry/world-arbitrary.js";
import { worldText } from "../../models/telemetry/world-text.js";
import { randomRuns } from "../../random-runs.js";
import { goldenEncoder } from "../golden/golden-case.js";

const { RUNS, SEED } = randomRuns(25);

const encoder = goldenEncoder();

test(`logs, metrics and spans are those of the model, in ${RUNS} meshes of seed ${SEED}`, {
  timeout: RUNS * 5000,
}, () => {
  fc.assert(
    fc.property(world, (given) => {
      const found = made(given, encoder);
      expect(found.faults).toEqual([]);
      expect(found.found.length).toBeGreaterThan(0);
      expect(differences(given, found), worldText(given)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});
