import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { CommandContext } from "../context.js";
import type { parseWorkload } from "./arguments.js";

type Environment = CommandContext["environment"];
type WorkloadName = ReturnType<typeof parseWorkload>;

/** Where a control plane keeps what must survive it, unless told otherwise. See the XDG Base Directory Specification. */
export function defaultStatePath({
  XDG_STATE_HOME: xdg,
  HOME: home = homedir(),
}: Environment): string {
  // The specification has relative paths ignored.
  const base = xdg?.startsWith("/") === true ? xdg : join(home, ".local", "state");
  return join(base, "fairlead");
}

/** Where the agent of a workload keeps its identity, unless told otherwise. */
export function agentPath(environment: Environment, workload: WorkloadName): string {
  return join(defaultStatePath(environment), "agents", `${workload.name}.${workload.namespace}`);
}

/** Where `up` keeps what belongs to the mesh of a directory: each directory has its own. */
export function upStatePath(environment: Environment, directory: string): string {
  const path = resolve(directory);
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 8);
  return join(defaultStatePath(environment), "up", `${basename(path)}-${hash}`);
}
