import { closestWord } from "../../config/closest-word.js";
import { CommandError } from "../command-error.js";
import type { CommandContext } from "../context.js";
import { askAdmin } from "../envoy-admin.js";
import { findLiveProxy, type LiveOptions, type LiveProxy } from "../proxy-source.js";
import type { LogLevels } from "./log-level.js";

/** The options of `fairlead proxy-config log`. */
export interface LogOptions extends LiveOptions {
  readonly level?: LogLevels;
  readonly reset?: true;
}

const DEFAULT_LEVELS: LogLevels = { all: "warning", named: new Map() };

/** Changes the levels of a proxy's loggers if that was asked for, and shows them. */
export async function runLog(
  context: CommandContext,
  pod: string | undefined,
  options: LogOptions,
): Promise<void> {
  const proxy = await findLiveProxy(context, pod, options);
  const levels = options.reset === true ? DEFAULT_LEVELS : options.level;
  const before = await askAdmin(proxy.admin, "/logging", "POST");
  const after = levels === undefined ? before : await setLevels(proxy, levels, before);
  context.stdout.write(`${proxy.id}:\n${after}`);
}

/** Sets levels and resolves with all levels then. Nothing changes when a logger is unknown. */
async function setLevels(
  { id, admin }: LiveProxy,
  levels: LogLevels,
  before: string,
): Promise<string> {
  const loggers = [...before.matchAll(/^ +(\S+): \S+$/gm)].map(([, name = ""]) => name);
  const unknown = [...levels.named.keys()].find((name) => !loggers.includes(name));
  if (unknown !== undefined) {
    const closest = closestWord(unknown, loggers);
    throw new CommandError(
      `${id} has no logger ${unknown}`,
      closest === undefined
        ? "`fairlead proxy-config log` without --level shows those that it has"
        : `did you mean ${closest}?`,
    );
  }
  const { all, named } = levels;
  const paths = [...named].map((pair) => pair.map(encodeURIComponent).join(":"));
  const answer =
    all === undefined ? before : await askAdmin(admin, `/logging?level=${all}`, "POST");
  if (paths.length === 0) return answer;
  return askAdmin(admin, `/logging?paths=${paths.join(",")}`, "POST");
}
