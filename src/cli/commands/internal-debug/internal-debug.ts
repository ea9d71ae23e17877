import { Command } from "commander";
import { addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import type { InternalDebugOptions } from "./run-internal-debug.js";

const HELP = `
The paths are those of istiod's debug endpoints that fairlead has, and the answers are JSON as istiod's are. \`list\` shows the paths.
Stock istioctl gets the same answers.

Examples:
  $ fairlead x internal-debug list
  $ fairlead x internal-debug syncz
  $ fairlead x internal-debug edsz payments-v1-0.default
  $ fairlead x internal-debug 'config_dump?proxyID=payments-v1-0.default'`;

/** `fairlead internal-debug`. */
export function internalDebugCommand(context: CommandContext): Command {
  const command = new Command("internal-debug")
    .description("print what the control plane has at a debug path")
    .argument("<path>", "such as syncz; /debug/syncz is the same")
    .argument("[pod]", "the proxy that it is about: NAME.NAMESPACE")
    .option("-n, --namespace <namespace>", "the namespace of a pod that is given without one");
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (path: string, pod: string | undefined, options: InternalDebugOptions) => {
      const { runInternalDebug } = await import("./run-internal-debug.js");
      await runInternalDebug(context, { path, pod }, options);
    });
}
