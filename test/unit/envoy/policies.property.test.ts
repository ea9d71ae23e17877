/**
 * What the proxies of a mesh do by random policies is what Istio's documentation says (`test/models/security`). With
 * FAIRLEAD_RUNS there are more of them, with FAIRLEAD_SEED others.
 */
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { enforcedPolicies } from "../../../src/console/proxy-config/authorization-table.js";
import { arrivalsAt } from "../../models/security/arbitrary-arrivals.js";
import { policiesOf, settingsOf } from "../../models/security/arbitrary-policies.js";
import type { Arrival } from "../../models/security/arrival.js";
import { decide, policiesFor } from "../../models/security/decide.js";
import { NOW } from "../../models/security/tokens.js";
import { randomRuns } from "../../random-runs.js";
import { CALLED, type Called, configurationOf, simulated, WORDS } from "./policed-mesh.js";

const { RUNS, SEED } = randomRuns(60);
const ARRIVALS = 40;

vi.setConfig({ testTimeout: 60_000 + RUNS * 500 });

/** What comes to a workload; to a gateway without a certificate of the mesh. */
function arrivalsOf(called: Called, arrivals: fc.Arbitrary<Arrival>): fc.Arbitrary<Arrival> {
  return called.isGateway ? arrivals.map(({ tls: _, ...plaintext }) => plaintext) : arrivals;
}

/** A mesh with random policies, and what comes to one of its workloads. */
const cases = fc
  .tuple(settingsOf(WORDS), policiesOf(WORDS), fc.constantFrom(...CALLED))
  .chain(([mesh, policies, called]) => {
    const arrival = arrivalsOf(called, arrivalsAt(WORDS, mesh, called));
    const arrivals = fc.array(arrival, { minLength: ARRIVALS, maxLength: ARRIVALS });
    return arrivals.map((some) => ({ mesh, policies, called, arrivals: some }));
  });

test("proxies do by policies what Istio's documentation says", () => {
  const verdicts = new Map<string, number>();
  fc.assert(
    fc.property(cases, ({ mesh, policies, called, arrivals }) => {
      const { workload, isGateway } = called;
      const situation = { policies, mesh, workload, isGateway, now: NOW };
      const configuration = configurationOf(called, mesh, policies);
      const wrong = arrivals.flatMap((arrival) => {
        const expected = decide(situation, arrival);
        verdicts.set(expected, (verdicts.get(expected) ?? 0) + 1);
        const verdict = simulated(configuration, called, arrival);
        return verdict === expected ? [] : [{ arrival, expected, verdict }];
      });
      expect(wrong).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  // Each of them is seen, and not only now and then.
  expect(verdicts.size).toBe(5);
  expect(Math.min(...verdicts.values())).toBeGreaterThan(RUNS / 10);
});

test("a proxy is said to enforce the policies that are for its workload", () => {
  fc.assert(
    fc.property(cases, ({ mesh, policies, called }) => {
      const listeners = [...configurationOf(called, mesh, policies).listeners.values()];
      // What stands for no rule is in no namespace.
      const enforced = enforcedPolicies(listeners)
        .filter(({ policy }) => policy.includes("."))
        .map(({ action, policy }) => `${action} ${policy}`);
      const expected = policiesFor(called.workload, policies, mesh).map(
        ({ metadata, spec: { action = "ALLOW" } }) =>
          `${action === "AUDIT" ? "LOG" : action} ${metadata.name}.${metadata.namespace}`,
      );
      expect(new Set(enforced)).toEqual(new Set(expected));
    }),
    { numRuns: Math.ceil(RUNS / 4), seed: SEED },
  );
});
