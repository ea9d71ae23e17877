/** How fresh connected proxies are kept while many others connect. */
import { setTimeout as sleep } from "node:timers/promises";
import { type MeshRun, runMesh, withFleet } from "./mesh-run.js";
import type { Plan } from "./phases.js";
import { quantile } from "./statistics.js";
import { CONNECT, editStep } from "./step.js";

/** Times are in milliseconds. */
export interface StormFigures {
  /** How many were connected, and how many came and were served. */
  readonly settled: number;
  readonly newcomers: number;
  /** Until all that came had all that they asked for. */
  readonly stormMs: number;
  /** Endpoint edits meanwhile; from the writing of the file to receipt by those that were connected. */
  readonly edits: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly maxMs: number | undefined;
  /** Receipts that did not come in time, and newcomers that were not served in time. */
  readonly missing: number;
}

/** From one edit to the next. */
const EVERY_MS = 500;

/** Measures a mesh whose proxies are connected while so many others come. */
export function measureStorm(plan: Plan, newcomers: number): Promise<StormFigures> {
  return runMesh(plan.shape, (run) =>
    withFleet(plan, async (settled) => {
      await settled.call("await", CONNECT.awaited);
      await settled.call("open", run.server.address);
      await settled.call("arrived", plan.timeoutMs);
      const crowd = { ...plan, proxies: newcomers, first: plan.proxies };
      return await withFleet(crowd, (fleet) =>
        storm(plan, run, { settled, crowd: fleet, newcomers }),
      );
    }),
  );
}

type Fleet = Parameters<Parameters<typeof withFleet>[1]>[0];

async function storm(
  plan: Plan,
  { server }: MeshRun,
  {
    settled,
    crowd,
    newcomers,
  }: { readonly settled: Fleet; readonly crowd: Fleet; readonly newcomers: number },
): Promise<StormFigures> {
  const begun = performance.now();
  let served: readonly number[] | undefined;
  await crowd.call("open", server.address);
  const all = crowd.call("arrived", plan.timeoutMs).then((times) => {
    served = times;
    return performance.now() - begun;
  });
  const times: number[] = [];
  let edits = 0;
  for (; served === undefined; edits++) {
    const step = editStep(plan.shape, "endpoint", edits);
    await settled.call("await", step.awaited);
    const since = await server.perform(step);
    const arrived = await settled.call("arrived", plan.timeoutMs);
    times.push(...arrived.map((time) => time - since));
    await sleep(EVERY_MS);
  }
  const stormMs = await all;
  const { proxies } = plan;
  return {
    settled: proxies,
    newcomers: served.length,
    stormMs,
    edits,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    maxMs: quantile(times, 1),
    missing: edits * proxies - times.length + newcomers - served.length,
  };
}
