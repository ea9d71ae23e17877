/** A control plane on the files of a mesh, and fleets, for the length of a measurement. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FleetFunctions } from "../fleet/fleet-process.js";
import { writeMesh } from "../mesh/mesh-directory.js";
import type { MeshShape } from "../mesh/mesh-shape.js";
import type { MutualTls } from "../mesh/service-yaml.js";
import { type Remote, startRemote } from "../remote.js";
import { type MeasuredControlPlane, startControlPlane } from "../subject/control-plane.js";

/** A control plane that runs. */
export interface MeshRun {
  readonly server: MeasuredControlPlane;
  /** For files of the measurement; it is removed with the mesh. */
  readonly directory: string;
}

/** Runs a control plane on a new mesh until it was used. */
export async function runMesh<T>(
  shape: MeshShape,
  use: (run: MeshRun) => Promise<T>,
  mutualTls?: MutualTls,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-bench-"));
  try {
    const mesh = await writeMesh(join(directory, "mesh"), shape, mutualTls);
    const server = await startControlPlane(mesh, join(directory, "state"));
    try {
      return await use({ server, directory });
    } finally {
      await server.stop();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Which proxies a fleet has: so many, from the first one on. */
export interface FleetSize {
  readonly shape: MeshShape;
  readonly proxies: number;
  /** 0 when absent. */
  readonly first?: number;
}

/** Runs a fleet in a process of its own until it was used. */
export async function withFleet<T>(
  { shape, proxies, first = 0 }: FleetSize,
  use: (fleet: Remote<FleetFunctions>) => Promise<T>,
): Promise<T> {
  const fleet = startRemote<FleetFunctions>(new URL("../fleet/fleet-process.ts", import.meta.url));
  try {
    await fleet.call("create", { shape, proxies, first });
    return await use(fleet);
  } finally {
    await fleet.stop();
  }
}
