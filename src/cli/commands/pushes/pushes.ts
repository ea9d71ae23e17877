import { Command, Option } from "commander";
import { addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { parseCount } from "../../options/arguments.js";
import { formatOption } from "../../options/format-option.js";
import type { PushesOptions } from "./run-pushes.js";

const DEFAULT_LIMIT = 10;

const HELP = `
READ, PARSE and MESH are the times to read files, to check what is in them, and to work out what it means for the mesh. SEND lasts
until the last response is sent; ENCODE is its part for making the responses. ACK lasts from there to the last answer of a proxy.

Examples:
  $ fairlead pushes
  $ fairlead pushes --limit 1 -o json`;

/** `fairlead pushes`. */
export function pushesCommand(context: CommandContext): Command {
  const command = new Command("pushes")
    .description("show the slowest of the recent changes, and how long each step took")
    .addOption(new Option("--limit <n>", "how many").argParser(parseCount).default(DEFAULT_LIMIT))
    .addOption(formatOption("table", "json"));
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (options: PushesOptions) => {
      const { runPushes } = await import("./run-pushes.js");
      await runPushes(context, options);
    });
}
