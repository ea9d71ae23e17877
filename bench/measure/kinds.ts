/** What edits of many kinds cost, and whether that grows with the mesh. */
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type KindEdit, kindEdits } from "../mesh/kind-edits.js";
import type { MeshShape } from "../mesh/mesh-shape.js";
import { cpuOf, quiet } from "../subject/usage.js";
import { type MeshRun, runMesh, withFleet } from "./mesh-run.js";
import type { Plan } from "./phases.js";
import type { Tell } from "./run-mesh.js";
import { CONNECT } from "./step.js";

/** What one edit cost. */
export interface KindCost {
  /** The server's CPU time in milliseconds. */
  readonly cpuMs: number;
  /** How many responses were sent, and their bytes, to all proxies together. */
  readonly responses: number;
  readonly bytes: number;
}

/** One kind of edit, in the mesh and in one with twice the services. */
export interface KindFigures {
  readonly name: string;
  readonly once: KindCost;
  readonly twice: KindCost;
}

/** What was measured in which mesh. */
export interface KindsFigures {
  readonly shape: MeshShape;
  readonly proxies: number;
  readonly kinds: readonly KindFigures[];
}

/** Measures each kind in the mesh of a plan, and in one with twice the services. */
export async function measureKinds(plan: Plan, tell: Tell): Promise<KindsFigures> {
  const { shape, proxies } = plan;
  const once = await measureIn(plan, tell);
  const more = await measureIn(
    { ...plan, shape: { ...shape, services: shape.services * 2 } },
    tell,
  );
  const kinds = [...once].flatMap(([name, cost]) => {
    const twice = more.get(name);
    return twice === undefined ? [] : [{ name, once: cost, twice }];
  });
  return { shape, proxies, kinds };
}

type Fleet = Parameters<Parameters<typeof withFleet>[1]>[0];

function measureIn(plan: Plan, tell: Tell): Promise<ReadonlyMap<string, KindCost>> {
  const { shape, proxies, timeoutMs } = plan;
  tell(`${shape.services} services, ${proxies} proxies: edits of other kinds`);
  return runMesh(shape, (run) =>
    withFleet(plan, async (fleet) => {
      await fleet.call("await", CONNECT.awaited);
      await fleet.call("open", run.server.address);
      await fleet.call("arrived", timeoutMs);
      const costs = new Map<string, KindCost>();
      for (const kind of kindEdits(shape)) {
        const cost = await measureKind(kind, { run, fleet, edits: plan.edits });
        costs.set(kind.name, cost);
        tell(`  ${kind.name}: ${Math.round(cost.cpuMs)} ms of CPU`);
      }
      return costs;
    }),
  );
}

async function measureKind(
  { text }: KindEdit,
  { run, fleet, edits }: { readonly run: MeshRun; readonly fleet: Fleet; readonly edits: number },
): Promise<KindCost> {
  const { pid } = run.server;
  const file = join(run.directory, "mesh", "edited.yaml");
  const write = async (edit: number): Promise<void> => {
    // Not the name of a YAML file, so that nobody reads it before it is whole.
    await writeFile(`${file}.tmp`, text(edit));
    await rename(`${file}.tmp`, file);
    await quiet(pid);
  };
  await write(0);
  const [cpu, before] = [await cpuOf(pid), await fleet.call("received")];
  for (let edit = 1; edit <= edits; edit++) await write(edit);
  const [cpuMs, after] = [(await cpuOf(pid)) - cpu, await fleet.call("received")];
  await rm(file);
  await quiet(pid);
  return {
    cpuMs: cpuMs / edits,
    responses: (after.responses - before.responses) / edits,
    bytes: (sumOf(after.bytes) - sumOf(before.bytes)) / edits,
  };
}

const sumOf = (bytes: ReadonlyMap<string, number>): number =>
  [...bytes.values()].reduce((sum, count) => sum + count, 0);
