import { Command, Option } from "commander";
import { withLiveProxy } from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import { parseLabels } from "../../options/arguments.js";
import { outputOption } from "../../output/write-output.js";
import { parseLogLevels } from "./log-level.js";
import type { LogOptions } from "./run-log.js";

const HELP = `
Levels: trace, debug, info, warning, error, critical, off. Without --level and --reset the levels are shown and nothing changes.

Examples:
  $ fairlead proxy-config log payments-v1-0.default
  $ fairlead proxy-config log payments-v1-0.default --level debug
  $ fairlead proxy-config log payments-v1-0.default --level http:debug,rbac:trace
  $ fairlead proxy-config log payments-v1-0.default --reset
  $ fairlead proxy-config log -l app=payments -n default --level debug
  $ fairlead proxy-config log payments-v1-0.default -o json`;

/** `fairlead proxy-config log`. */
export function logCommand(context: CommandContext): Command {
  return withLiveProxy(new Command("log").alias("o"), context)
    .description("show or change how much a proxy logs")
    .addOption(
      new Option(
        "--level <[logger:]level,...>",
        "the new level of all loggers, or of those that are named",
      )
        .argParser(parseLogLevels)
        .conflicts("reset"),
    )
    .option("-r, --reset", "set all loggers to warning, the default")
    .addOption(
      new Option(
        "-l, --selector <k=v,...>",
        "the pods of the namespace that have these labels, instead of one pod",
      ).argParser(parseLabels),
    )
    .addOption(outputOption())
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: LogOptions) => {
      const { runLog } = await import("./run-log.js");
      await runLog(context, pod, options);
    });
}
