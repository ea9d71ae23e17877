import { Command, Option } from "commander";
import { SCOPE_LEVELS } from "../debug/scope-levels.js";
import { addConnectionFlags } from "./connection/connection-options.js";
import type { CommandContext } from "./context.js";
import { parseLevelList } from "./level-list.js";
import type { AdminLogOptions } from "./run-admin-log.js";
import { outputOption } from "./write-output.js";

const HELP = `
Levels: ${SCOPE_LEVELS.join(", ")}. Without --level and --reset they are shown and stay. They last until they are changed
again or the control plane ends; each change is in the log. Lines of the log have the name of their scope in "scope", those of the
scope default have none. Who asks without TLS is shown the levels and changes none.

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
    .description("how much a control plane that runs logs, and change it")
    .addOption(
      new Option("--level <[scope:]level,...>", "of all scopes, or of those that are named")
        .argParser(
          parseLevelList({
            levels: SCOPE_LEVELS,
            synonyms: { silent: "none", warning: "warn" },
            of: "SCOPE",
          }),
        )
        .conflicts("reset"),
    )
    .option("--reset", "all scopes as when the control plane was started")
    .addOption(outputOption("short"));
  addConnectionFlags(log, context)
    .addHelpText("after", HELP)
    .action(async (options: AdminLogOptions) => {
      const { runAdminLog } = await import("./run-admin-log.js");
      await runAdminLog(context, options);
    });
  return new Command("admin")
    .alias("istiod")
    .description("look after a control plane that runs")
    .addCommand(log)
    .addHelpText("after", "\nExample:\n  $ fairlead admin log");
}
