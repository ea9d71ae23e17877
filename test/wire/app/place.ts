/** A configuration and a state that several control planes have, one after the other. */
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from "../../../src/app.js";
import { notedLogger } from "../../outputs/note-output.js";

export interface Place {
  readonly config: string;
  readonly state: string;
}

/** An empty one, which is gone after the test. */
export async function makePlace(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), "fairlead-place-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o700);
  const config = join(root, "mesh");
  await mkdir(config);
  return { config, state: join(root, "state") };
}

/** A control plane there, on any ports, which ends with the test. */
export async function startAt(
  { config, state }: Place,
  options: Pick<ControlPlaneOptions, "fetchModules"> = {},
): Promise<ControlPlane> {
  const controlPlane = await startControlPlane({
    configDirs: [config],
    stateDir: state,
    address: "127.0.0.1",
    plaintextPort: 0,
    tlsPort: 0,
    httpPort: 0,
    ...options,
    logger: notedLogger(),
  });
  onTestFinished(() => controlPlane.close());
  return controlPlane;
}
