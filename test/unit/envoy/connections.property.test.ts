/** Whatever TLS and TCP routes, listeners and Gateways say, connections go where the documentation of Istio has them go. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { connectedIn } from "../../models/routing/connection-arbitrary.js";
import { connectionDifferences } from "../../models/routing/connection-differences.js";
import { connectionWorld } from "../../models/routing/connection-world.js";
import { connectionModel } from "../../models/routing/model.js";
import { simulated } from "../../models/routing/simulated.js";
import { worldText } from "../../models/routing/world-text.js";
import { randomRuns } from "../../random-runs.js";
import { goldenEncoder } from "../golden/golden-case.js";

const { RUNS, SEED } = randomRuns(25);
const CONNECTIONS = { minLength: 40, maxLength: 40 };

const encoder = goldenEncoder();

test(`connections go where the model says, in ${RUNS} meshes of seed ${SEED}`, {
  timeout: RUNS * 5000,
}, () => {
  const drawn = connectionWorld.chain((given) =>
    fc.tuple(fc.constant(given), fc.array(connectedIn(given), CONNECTIONS)),
  );
  fc.assert(
    fc.property(drawn, ([given, all]) => {
      const known = simulated(given, encoder);
      expect(known.faults).toEqual([]);
      const wrong = all.flatMap((one) =>
        connectionDifferences(known, one, connectionModel(given, one.from, one.connection)),
      );
      expect(wrong, worldText(given)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});
