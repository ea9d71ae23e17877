import { Command } from "commander";
import { addConnectionFlags } from "./connection/connection-options.js";
import type { CommandContext } from "./context.js";
import type { InternalDebugOptions } from "./run-internal-debug.js";

const HELP = `
The paths are those of istiod that there are here, and what is at them is JSON, as istiod has it; list tells which there are. Stock
istioctl is told the same.

Examples:
  $ fairlead x internal-debug list
  $ fairlead x internal-debug syncz
  $ fairlead x internal-debug edsz payments-v1-0.default
  $ fairlead x internal-debug 'config_dump?proxyID=payments-v1-0.default'`;

/** `fairlead internal-debug`. */
export function internalDebugCommand(context: CommandContext): Command {
  const command = new Command("internal-debug")
    .description("what the control plane tells for debugging, by path")
    .argument("<path>", "such as syncz; /debug/syncz is the same")
    .argument("[pod]", "what is told of one proxy, or of it alone: NAME.NAMESPACE")
    .option("-n, --namespace <namespace>", "of a pod that is given by its name alone");
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (path: string, pod: string | undefined, options: InternalDebugOptions) => {
      const { runInternalDebug } = await import("./run-internal-debug.js");
      await runInternalDebug(context, { path, pod }, options);
    });
}
