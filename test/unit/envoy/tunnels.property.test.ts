/** Whatever TLS and TCP routes say, the tunnels of an application to its sidecar's HTTP proxy go where its connections would. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { connectedIn } from "../../models/routing/connection-arbitrary.js";
import {
  egressDifferences,
  tunnelDifferences,
} from "../../models/routing/connection-differences.js";
import { connectionWorld } from "../../models/routing/connection-world.js";
import { simulated } from "../../models/routing/simulated.js";
import { CALLERS } from "../../models/routing/still-world.js";
import { calledBy, egressModel, tunnelEnds, tunnelModel } from "../../models/routing/tunnels.js";
import { worldText } from "../../models/routing/world-text.js";
import { randomRuns } from "../../random-runs.js";
import { goldenEncoder } from "../golden/golden-case.js";

const { RUNS, SEED } = randomRuns(25);
const CONNECTIONS = { minLength: 60, maxLength: 60 };

const encoder = goldenEncoder();

test(`connections to a sidecar's own address go where the model says, in ${RUNS} meshes of seed ${SEED}`, {
  timeout: RUNS * 5000,
}, () => {
  const drawn = connectionWorld.chain((given) =>
    fc.tuple(fc.constant(given), fc.array(connectedIn(given), CONNECTIONS)),
  );
  fc.assert(
    fc.property(drawn, ([given, all]) => {
      const known = simulated(given, encoder);
      const wrong = all.flatMap(({ from, connection }) => {
        if (from === "gateway") return [];
        const expected = egressModel(given, CALLERS[from], connection);
        return expected === undefined ? [] : egressDifferences(known, from, connection, expected);
      });
      expect(wrong, worldText(given)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

test(`tunnels go where the model says, in ${RUNS} meshes of seed ${SEED}`, {
  timeout: RUNS * 5000,
}, () => {
  fc.assert(
    fc.property(connectionWorld, (given) => {
      const known = simulated(given, encoder);
      const wrong = (["a", "b"] as const).flatMap((from) =>
        tunnelEnds(given, CALLERS[from]).flatMap((end) => {
          const expected = tunnelModel(given, CALLERS[from], end);
          return calledBy(end.host, CALLERS[from]).flatMap((name) =>
            tunnelDifferences(known, from, `${name}:${end.port.number}`, expected),
          );
        }),
      );
      expect(wrong, worldText(given)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});
