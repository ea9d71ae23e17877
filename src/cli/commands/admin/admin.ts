import { Command, Option } from "commander";
import { SCOPE_LEVELS } from "../../../debug/api/scope-levels.js";
import { addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { parseLevelList } from "../../options/level-list.js";
import { outputOption } from "../../output/write-output.js";
import type { AdminLogOptions } from "./run-admin-log.js";

const HELP = `
Levels: ${SCOPE_LEVELS.join(", ")}. Without --level and --reset the levels are shown and nothing changes. A change lasts
until the next one, or until the control plane ends; each change is logged. A line of the log has its scope in "scope"; lines of the
scope default have none. A caller without TLS is shown the levels and cannot change them.

Examples:
  $ fairlead admin log
  $ fairlead admin log --level ads:debug,config:debug
  $ fairlead admin log --level debug
  $ fairlead admin log --reset
  $ fairlead admin log -o json`;

/** `fairlead admin`: the control plane itself. */
export function adminCommand(context: CommandContext): Command {
  const log = new Command("log")
    .alias("l")
    .description("show or change how much a running control plane logs")
    .addOption(
      new Option(
        "--level <[scope:]level,...>",
        "the new level of all scopes, or of those that are named",
      )
        .argParser(
          parseLevelList({
            levels: SCOPE_LEVELS,
            synonyms: { silent: "none", warning: "warn" },
            of: "SCOPE",
          }),
        )
        .conflicts("reset"),
    )
    .option("--reset", "set all scopes to what they were when the control plane started")
    .addOption(outputOption("short"));
  addConnectionFlags(log, context)
    .addHelpText("after", HELP)
    .action(async (options: AdminLogOptions) => {
      const { runAdminLog } = await import("./run-admin-log.js");
      await runAdminLog(context, options);
    });
  return new Command("admin")
    .alias("istiod")
    .description("look after a running control plane")
    .addCommand(log)
    .addHelpText("after", "\nExample:\n  $ fairlead admin log");
}
