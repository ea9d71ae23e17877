import { Command } from "commander";
import { addConnectionFlags } from "./connection/connection-options.js";
import type { CommandContext } from "./context.js";
import type { BugReportOptions } from "./run-bug-report.js";

const HELP = `
The archive has the versions, the proxies that are connected, what each of them was sent and has accepted, what happened
lately, and what is wrong with the configuration. Keys, tokens and passwords are not in it; host names, addresses and
routes are.

Examples:
  $ fairlead bug-report
  $ fairlead bug-report -n payments -o payments.tar.gz`;

/** `fairlead bug-report`. */
export function bugReportCommand(context: CommandContext): Command {
  const command = new Command("bug-report")
    .description("save what helps to find a fault, without secrets")
    .option("-n, --namespace <name>", "the proxies of this namespace alone")
    .option(
      "-o, --output <file>",
      "a new file: .tar.gz, .tgz or .tar",
      "fairlead-bug-report.tar.gz",
    );
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (options: BugReportOptions) => {
      const { runBugReport } = await import("./run-bug-report.js");
      await runBugReport(context, options);
    });
}
