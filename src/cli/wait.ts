import { Command, Option } from "commander";
import { parseTtl } from "./arguments.js";
import { addConnectionFlags } from "./connection-options.js";
import type { CommandContext } from "./context.js";
import type { WaitOptions } from "./run-wait.js";

const DEFAULT_TIMEOUT = "30s";

const HELP = `
The files are looked at first, so an edit from before the command is waited for. Exit codes: 0 every proxy that is connected
holds what it should, 3 some refuse it, 4 some have not answered in time.

Examples:
  $ fairlead wait
  $ fairlead wait --timeout 2m -o json`;

/** `fairlead wait`. */
export function waitCommand(context: CommandContext): Command {
  const command = new Command("wait")
    .description("wait until every proxy has accepted the configuration")
    .addOption(
      new Option("--timeout <time>", "how long")
        .argParser(parseTtl)
        .default(parseTtl(DEFAULT_TIMEOUT), DEFAULT_TIMEOUT),
    )
    .addOption(
      new Option("-o, --output <format>", "how").choices(["text", "json"]).default("text"),
    );
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (options: WaitOptions) => {
      const { runWait } = await import("./run-wait.js");
      await runWait(context, options);
    });
}
