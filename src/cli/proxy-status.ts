import { Command, Option } from "commander";
import { addConnectionFlags } from "./connection-options.js";
import type { CommandContext } from "./context.js";
import type { ProxyStatusOptions } from "./run-proxy-status.js";

const HELP = `
A proxy is SYNCED with a type of resource when it has accepted all that it was sent, STALE while something is not answered,
ERROR when it refused something, IGNORED when it did not ask for the type.

Examples:
  $ fairlead proxy-status
  $ fairlead proxy-status -v 1 -n default`;

/** `fairlead proxy-status`. */
export function proxyStatusCommand(context: CommandContext): Command {
  const command = new Command("proxy-status")
    .alias("ps")
    .description("which proxies are connected, and whether they hold what they should")
    .option("-n, --namespace <name>", "of this namespace alone")
    .addOption(
      new Option("-v, --verbosity <level>", "1 has a column for each type of resource")
        .choices(["0", "1"])
        .default("0"),
    )
    .addOption(
      new Option("-o, --output <format>", "how").choices(["table", "json"]).default("table"),
    );
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (options: ProxyStatusOptions) => {
      const { runProxyStatus } = await import("./run-proxy-status.js");
      await runProxyStatus(context, options);
    });
}
