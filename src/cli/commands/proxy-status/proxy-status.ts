import { Command, Option } from "commander";
import { addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { parsePort } from "../../options/arguments.js";
import { formatOption } from "../../options/format-option.js";
import type { ProxyStatusOptions } from "./run-proxy-status.js";

const HELP = `
A proxy is SYNCED with a type of resource when it has accepted all that it was sent, STALE while an answer is missing, ERROR when it
refused something, IGNORED when it did not ask for the type.

For one proxy, what it accepted is compared with what its Envoy holds: read from its admin interface, when that is on this
machine, or from a file with the answer to /config_dump.

JSON and YAML are what istioctl newer than 1.29 prints, a discovery response with a ClientConfig of each proxy; the members
proxies and controlPlane beside it have all that the debug API has.

Examples:
  $ fairlead proxy-status
  $ fairlead proxy-status -v 1 -n default
  $ fairlead proxy-status -o json
  $ fairlead proxy-status payments-v1-0.default`;

/** `fairlead proxy-status`. */
export function proxyStatusCommand(context: CommandContext): Command {
  const command = new Command("proxy-status")
    .alias("ps")
    .description("show which proxies are connected, and whether they hold what they should")
    .argument("[pod]", "one proxy: NAME.NAMESPACE")
    .option("-n, --namespace <name>", "only proxies of this namespace")
    .option(
      "-f, --file <file>",
      "for one proxy: a saved /config_dump of its Envoy; - is the standard input",
    )
    .addOption(
      new Option(
        "--proxy-admin-port <port>",
        "for one proxy: the port of its admin interface (default: that which it names)",
      ).argParser(parsePort),
    )
    .addOption(
      new Option("-v, --verbosity <level>", "1 shows a column for each type of resource")
        .choices(["0", "1"])
        .default("0"),
    )
    .addOption(formatOption("table", "json", "yaml"));
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: ProxyStatusOptions) => {
      if (pod === undefined) {
        const { runProxyStatus } = await import("./run-proxy-status.js");
        await runProxyStatus(context, options);
      } else {
        const { runProxyDifference } = await import("./run-proxy-difference.js");
        await runProxyDifference(context, pod, options);
      }
    });
}
