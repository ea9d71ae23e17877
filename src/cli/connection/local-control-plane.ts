/** Finds the control plane that runs on this machine, by the socket in its state directory. */
import { readdir } from "node:fs/promises";
import { connect as connectSocket } from "node:net";
import { dirname, join, resolve } from "node:path";
import { DEBUG_SOCKET } from "../../debug/api/debug-names.js";
import { CommandError } from "../command-error.js";
import type { CommandContext } from "../context.js";
import { defaultStatePath } from "../options/state-path.js";

const PROBE_MS = 1000;

/** Whether somebody listens there. */
export function answers(
  target: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<boolean> {
  return new Promise((done) => {
    const probe = connectSocket({ ...target, timeout: PROBE_MS });
    const settle = (isServed: boolean) => () => {
      probe.destroy();
      done(isServed);
    };
    probe.once("connect", settle(true));
    probe.once("error", settle(false));
    probe.once("timeout", settle(false));
  });
}

/** The sockets of state directories in their usual places: that of `serve`, and one for each directory of `up`. */
export async function usualSockets(
  environment: CommandContext["environment"],
): Promise<readonly string[]> {
  const base = defaultStatePath(environment);
  const meshes = await readdir(join(base, "up")).catch((): string[] => []);
  const directories = [base, ...meshes.sort().map((name) => join(base, "up", name))];
  return directories.map((directory) => join(directory, DEBUG_SOCKET));
}

/**
 * Which of some sockets is that of the control plane that runs; undefined when none is.
 * @throws CommandError when several run
 */
export async function servedSocket(sockets: readonly string[]): Promise<string | undefined> {
  const served = await Promise.all(sockets.map(async (path) => (await answers({ path })) && path));
  const [path, ...others] = served.filter((one) => one !== false);
  if (others.length > 0 && path !== undefined) {
    const states = [path, ...others].map((one) => `--state ${dirname(one)}`);
    throw new CommandError(
      "several control planes run on this machine",
      `say which is meant:\n    ${states.join("\n    ")}`,
    );
  }
  return path;
}

/**
 * The state directory that a command means: the one that is named, else that of the control plane that runs on this machine,
 * else the usual one of `serve`.
 * @throws CommandError when several run
 */
export async function meantState(
  { environment }: Pick<CommandContext, "environment">,
  named: string | undefined,
): Promise<string> {
  if (named !== undefined) return resolve(named);
  const path = await servedSocket(await usualSockets(environment));
  return path === undefined ? defaultStatePath(environment) : dirname(path);
}
