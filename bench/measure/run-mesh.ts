/** One control plane on one mesh, from its start to its end, and the floor beside it. */
import { join } from "node:path";
import type { MeshShape } from "../mesh/mesh-shape.js";
import { startFloor } from "../subject/floor.js";
import { memoryOf, quiet } from "../subject/usage.js";
import { type MeshRun, runMesh, withFleet } from "./mesh-run.js";
import { measurePhases, type PhaseFigures, type Plan } from "./phases.js";

/** What came of a mesh. */
export interface MeshFigures {
  readonly shape: MeshShape;
  readonly proxies: number;
  /** Of the control plane before any proxy connected, in MiB. */
  readonly idleRss: number;
  readonly phases: readonly PhaseFigures[];
  /** The same phases, with the same bytes sent by a server without any logic; empty when that was not asked for. */
  readonly floor: readonly PhaseFigures[];
  /** Of streams that ended by themselves: the words of the first one; undefined when none did. */
  readonly failure: string | undefined;
}

/** Is told how far it is. */
export type Tell = (line: string) => void;

/** Measures a mesh, with a floor or without. */
export function measureMesh(plan: Plan, withFloor: boolean, tell: Tell): Promise<MeshFigures> {
  const { shape, proxies } = plan;
  tell(`${shape.services} services, ${proxies} proxies`);
  return runMesh(shape, async (run) => {
    const recording = withFloor ? join(run.directory, "recording") : undefined;
    const measured = await measureControlPlane(plan, run, { recording, tell });
    if (recording === undefined) return { shape, proxies, ...measured, floor: [] };
    await run.server.stop();
    return { shape, proxies, ...measured, floor: await measureFloor(plan, recording, tell) };
  });
}

async function measureControlPlane(
  plan: Plan,
  { server }: MeshRun,
  { recording, tell }: { readonly recording: string | undefined; readonly tell: Tell },
): Promise<Pick<MeshFigures, "idleRss" | "phases" | "failure">> {
  await quiet(server.pid);
  const { rss: idleRss } = await memoryOf(server.pid);
  return await withFleet(plan, async (fleet) => {
    const phases = await measurePhases({ subject: server, fleet, plan, done: teller(tell, "") });
    if (recording !== undefined) await fleet.call("saveRecording", recording);
    const { first } = await fleet.call("failures");
    return { idleRss, phases, failure: first };
  });
}

async function measureFloor(
  plan: Plan,
  recording: string,
  tell: Tell,
): Promise<readonly PhaseFigures[]> {
  const floor = await startFloor(recording);
  try {
    return await withFleet(plan, (fleet) =>
      measurePhases({ subject: floor, fleet, plan, done: teller(tell, "floor of ") }),
    );
  } finally {
    await floor.stop();
  }
}

function teller(tell: Tell, prefix: string): (figures: PhaseFigures) => void {
  return ({ name, cpuMs, missing }) => {
    const late = missing > 0 ? `, ${missing} proxies not reached` : "";
    tell(`  ${prefix}${name}: ${Math.round(cpuMs)} ms of CPU${late}`);
  };
}

const START_TIMEOUT_MS = 120_000;

/** From the start of a process to the first answer of its control plane, in milliseconds. */
export function measureStart(shape: MeshShape, tell: Tell): Promise<number> {
  tell(`${shape.services} services: start to first answer`);
  return withFleet({ shape, proxies: 1 }, (fleet) =>
    runMesh(shape, async ({ server }) => {
      await fleet.call("await", { kind: "anything" });
      await fleet.call("open", server.address);
      const [time = Infinity] = await fleet.call("arrived", START_TIMEOUT_MS);
      return time - server.startedAt;
    }),
  );
}
