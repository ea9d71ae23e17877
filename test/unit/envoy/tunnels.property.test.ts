/** Whatever TLS and TCP routes say, the tunnels of an application to its sidecar's HTTP proxy go where its connections would. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { tunnelDifferences } from "../../models/routing/connection-differences.js";
import { connectionWorld } from "../../models/routing/connection-world.js";
import { namesOf } from "../../models/routing/hosts.js";
import { simulated } from "../../models/routing/simulated.js";
import { CALLERS } from "../../models/routing/still-world.js";
import { tunnelEnds, tunnelModel } from "../../models/routing/tunnels.js";
import { worldText } from "../../models/routing/world-text.js";
import { randomRuns } from "../../random-runs.js";
import { goldenEncoder } from "../golden/golden-case.js";

const { RUNS, SEED } = randomRuns(25);

const encoder = goldenEncoder();

test(`tunnels go where the model says, in ${RUNS} meshes of seed ${SEED}`, {
  timeout: RUNS * 5000,
}, () => {
  fc.assert(
    fc.property(connectionWorld, (given) => {
      const known = simulated(given, encoder);
      const wrong = (["a", "b"] as const).flatMap((from) =>
        tunnelEnds(given, CALLERS[from]).flatMap((end) => {
          const expected = tunnelModel(given, CALLERS[from], end);
          const names = end.host.isService
            ? namesOf(end.host.host, CALLERS[from].namespace)
            : [end.host.host];
          return names.flatMap((name) =>
            tunnelDifferences(known, from, `${name}:${end.port.number}`, expected),
          );
        }),
      );
      expect(wrong, worldText(given)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});
