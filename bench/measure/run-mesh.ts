/** One control plane on one mesh, from its start to its end, and the floor beside it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FleetFunctions } from "../fleet/fleet-process.js";
import { type MeshDirectory, writeMesh } from "../mesh/mesh-directory.js";
import type { MeshShape } from "../mesh/mesh-shape.js";
import { type Remote, startRemote } from "../remote.js";
import { startControlPlane } from "../subject/control-plane.js";
import { startFloor } from "../subject/floor.js";
import type { Subject } from "../subject/subject.js";
import { memoryOf, quiet } from "../subject/usage.js";
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
  return inTemporaryDirectory(async (directory) => {
    tell(`${shape.services} services, ${proxies} proxies: writing files`);
    const mesh = await writeMesh(join(directory, "mesh"), shape);
    const recording = withFloor ? join(directory, "recording") : undefined;
    const measured = await measureControlPlane(plan, { mesh, directory, recording, tell });
    const floor = recording === undefined ? [] : await measureFloor(plan, recording, tell);
    return { shape, proxies, ...measured, floor };
  });
}

async function measureControlPlane(
  plan: Plan,
  {
    mesh,
    directory,
    recording,
    tell,
  }: {
    readonly mesh: MeshDirectory;
    readonly directory: string;
    readonly recording: string | undefined;
    readonly tell: Tell;
  },
): Promise<Pick<MeshFigures, "idleRss" | "phases" | "failure">> {
  const server = await startControlPlane(mesh, join(directory, "state"));
  try {
    await quiet(server.pid);
    const { rss: idleRss } = await memoryOf(server.pid);
    return await withFleet(plan, async (fleet) => {
      const phases = await measurePhases({ subject: server, fleet, plan, done: teller(tell, "") });
      if (recording !== undefined) await fleet.call("saveRecording", recording);
      const { first } = await fleet.call("failures");
      return { idleRss, phases, failure: first };
    });
  } finally {
    await server.stop();
  }
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

async function withFleet<T>(
  { shape, proxies }: Pick<Plan, "shape" | "proxies">,
  use: (fleet: Remote<FleetFunctions>) => Promise<T>,
): Promise<T> {
  const fleet = startRemote<FleetFunctions>(new URL("../fleet/fleet-process.ts", import.meta.url));
  try {
    await fleet.call("create", { shape, proxies });
    return await use(fleet);
  } finally {
    await fleet.stop();
  }
}

/** From the start of a process to the first answer of its control plane, in milliseconds. */
export function measureStart(shape: MeshShape, tell: Tell): Promise<number> {
  return inTemporaryDirectory(async (directory) => {
    tell(`${shape.services} services: start to first answer`);
    const mesh = await writeMesh(join(directory, "mesh"), shape);
    return withFleet({ shape, proxies: 1 }, async (fleet) => {
      const server = await startControlPlane(mesh, join(directory, "state"));
      try {
        return (await firstAnswer(fleet, server)) - server.startedAt;
      } finally {
        await server.stop();
      }
    });
  });
}

const START_TIMEOUT_MS = 120_000;

async function firstAnswer(fleet: Remote<FleetFunctions>, { address }: Subject): Promise<number> {
  await fleet.call("await", { kind: "anything" });
  await fleet.call("open", address);
  const [time = Infinity] = await fleet.call("arrived", START_TIMEOUT_MS);
  return time;
}

async function inTemporaryDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-bench-"));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}
