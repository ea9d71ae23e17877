import { closestWord } from "../../config/closest-word.js";
import { CommandError } from "../command-error.js";
import type { CommandContext } from "../context.js";
import { askAdmin } from "../envoy-admin.js";
import { findLiveProxy, type LiveOptions, type LiveProxy } from "../proxy-source.js";
import { isTable, type OutputFormat, writeValue } from "../write-output.js";
import type { LogLevels } from "./log-level.js";

/** The options of `fairlead proxy-config log`. */
export interface LogOptions extends LiveOptions {
  readonly level?: LogLevels;
  readonly reset?: true;
  readonly output: OutputFormat;
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
  const { output } = options;
  if (isTable(output)) context.stdout.write(`${proxy.id}:\n${after}`);
  else await writeValue(context, output, { [proxy.id]: Object.fromEntries(loggersIn(after)) });
}

/** The loggers in an answer of Envoy's, with their levels. */
function loggersIn(answer: string): ReadonlyMap<string, string> {
  return new Map(
    [...answer.matchAll(/^ +(\S+): (\S+)$/gm)].map(([, name = "", level = ""]) => [name, level]),
  );
}

/** Sets levels and resolves with all levels then. Nothing changes when a logger is unknown. */
async function setLevels(
  { id, admin }: LiveProxy,
  levels: LogLevels,
  before: string,
): Promise<string> {
  const loggers = loggersIn(before);
  const unknown = [...levels.named.keys()].find((name) => !loggers.has(name));
  if (unknown !== undefined) {
    const closest = closestWord(unknown, loggers.keys());
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
