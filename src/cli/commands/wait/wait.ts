import { Argument, Command, Option } from "commander";
import { addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { parseRatio, parseTtl } from "../../options/arguments.js";
import { formatOption } from "../../options/format-option.js";
import type { WaitOptions } from "./run-wait.js";

const DEFAULT_TIMEOUT = "30s";

const HELP = `
The control plane reads the files first, so that an edit from before the command counts. With a resource, what proxies refuse of
others does not count; a resource that does not exist yet, and a --proxy that is not connected yet, are waited for too. The kind
is written as for kubectl: virtualservice, virtualservices, vs or virtualservices.networking.istio.io.

Exit codes: 0 every connected proxy, or the share that --threshold asks for, holds what it should; 3 some refuse it, or the
resource has an error; 4 the time is over.

Examples:
  $ fairlead wait
  $ fairlead wait --timeout 2m -o json
  $ fairlead wait virtualservice payments.default
  $ fairlead wait gw edge -n istio-system
  $ fairlead wait virtualservice payments.default --proxy my-service-0.default
  $ fairlead wait destination-rule payments -n default --threshold .99 --timeout 5m`;

/** `fairlead wait`, which with a resource is istioctl's. */
export function waitCommand(context: CommandContext): Command {
  const command = new Command("wait")
    .description("wait until every proxy has accepted the configuration, or one resource")
    .addArgument(
      new Argument("[type]", "the kind of the resource: VirtualService in any case, or vs"),
    )
    .addArgument(new Argument("[name]", "NAME.NAMESPACE of the resource"))
    .option("-n, --namespace <namespace>", "the namespace of a resource that is given without one")
    .addOption(
      new Option("--for <condition>", "wait until it has reached the proxies, or is gone from them")
        .choices(["distribution", "delete"])
        .default("distribution"),
    )
    .option("--proxy <pod>", "wait for this proxy alone: NAME.NAMESPACE")
    .addOption(
      new Option("--threshold <ratio>", "the share of the proxies that is enough: 0 to 1")
        .argParser(parseRatio)
        .default(1),
    )
    .addOption(
      new Option("--timeout <time>", "how long to wait")
        .argParser(parseTtl)
        .default(parseTtl(DEFAULT_TIMEOUT), DEFAULT_TIMEOUT),
    )
    .addOption(formatOption("text", "json"));
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (type: string | undefined, name: string | undefined, options: WaitOptions) => {
      const { runWait } = await import("./run-wait.js");
      await runWait(context, { type, name }, options);
    });
}
