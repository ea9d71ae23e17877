import { closestWord } from "../../../base/text/closest-word.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import type { Labels } from "../../../mesh/labels.js";
import { CommandError, USAGE } from "../../command-error.js";
import { askAdmin } from "../../connection/envoy-admin.js";
import { findLiveProxy, type LiveOptions, type LiveProxy } from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import type { LogLevels } from "../../options/level-list.js";
import { isTable, type OutputFormat, writeValue } from "../../output/write-output.js";

/** The options of `fairlead proxy-config log`. */
export interface LogOptions extends LiveOptions {
  readonly level?: LogLevels;
  readonly reset?: true;
  readonly selector?: Labels;
  readonly output: OutputFormat;
}

const DEFAULT_LEVELS: LogLevels = { all: "warning", named: new Map() };

/**
 * Changes the levels of the loggers of a proxy, or of several, if that was asked for, and shows them.
 * @throws CommandError when nothing says which proxies are meant, or one of them cannot be asked
 */
export async function runLog(
  context: CommandContext,
  pod: string | undefined,
  options: LogOptions,
): Promise<void> {
  const levels = options.reset === true ? DEFAULT_LEVELS : options.level;
  const shown: [string, string][] = [];
  for (const one of await podsOf(context, pod, options)) {
    const proxy = await findLiveProxy(context, one, options);
    const before = await askAdmin(proxy.admin, "/logging", "POST");
    const after = levels === undefined ? before : await setLevels(proxy, levels, before);
    shown.push([proxy.id, after]);
  }
  const { output } = options;
  if (isTable(output)) {
    context.stdout.write(
      visibleLines(shown.flatMap(([id, answer]) => [`${id}:`, ...answer.trimEnd().split("\n")])),
    );
  } else {
    const values = shown.map(([id, answer]) => [id, Object.fromEntries(loggersIn(answer))]);
    await writeValue(context, output, Object.fromEntries(values));
  }
}

/** The pods that are meant, by their names. */
async function podsOf(
  context: CommandContext,
  pod: string | undefined,
  options: LogOptions,
): Promise<readonly (string | undefined)[]> {
  const { selector, namespace = "default" } = options;
  if (selector === undefined) return [pod];
  if (pod !== undefined || options.admin !== undefined) {
    throw new CommandError(
      "a pod is named beside --selector",
      "leave out one of the two: each alone says which proxies are meant",
      USAGE,
    );
  }
  const { connectedWith } = await import("../../connection/connected-proxies.js");
  return connectedWith(context, options, { labels: selector, namespace });
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
