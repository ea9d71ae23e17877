import { Command } from "commander";
import { addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import type { BugReportOptions } from "./run-bug-report.js";

const HELP = `
The archive has versions, the connected proxies with what each was sent and has accepted, recent events, and what is wrong with the
configuration. It has host names, addresses and routes, but no keys, tokens or passwords.

Examples:
  $ fairlead bug-report
  $ fairlead bug-report -n payments -o payments.tar.gz`;

/** `fairlead bug-report`. */
export function bugReportCommand(context: CommandContext): Command {
  const command = new Command("bug-report")
    .description("save an archive that helps to find a fault, without secrets")
    .option("-n, --namespace <name>", "only the proxies of this namespace")
    .option(
      "-o, --output <file>",
      "the new file: .tar.gz, .tgz or .tar",
      "fairlead-bug-report.tar.gz",
    );
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (options: BugReportOptions) => {
      const { runBugReport } = await import("./run-bug-report.js");
      await runBugReport(context, options);
    });
}
