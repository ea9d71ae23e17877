import { Command, Option } from "commander";
import { addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { formatOption } from "../../options/format-option.js";
import type { PlanOptions } from "./run-plan.js";

const HELP = `
Nothing is changed. Without --against and --ref, a running control plane is asked what the directory would change for the connected
proxies, in place of the directory of the same name that it reads, or of all that it reads when none has that name. It is sent
only the files that differ; Secrets and other directories stay as it has them. With --against or --ref, two states of a
directory are compared, for the workloads that they declare. What Envoy would refuse is among the new findings.

With --validate a real Envoy checks each resource that would be sent, in its mode for that; no proxy is asked. What it refuses is a
new finding, at the line that made it. Against a control plane, it checks only what this directory makes. Envoy runs the Lua of
EnvoyFilters when it reads it: validate files of people whom you do not trust only where that does no harm.

Examples:
  $ fairlead plan mesh
  $ fairlead plan examples/shop --against examples/shop
  $ fairlead plan examples/shop --ref HEAD
  $ fairlead plan examples/shop --against examples/shop --validate`;

/** `fairlead plan`. */
export function planCommand(context: CommandContext): Command {
  const command = new Command("plan")
    .description("show what a change of the configuration would do to every proxy")
    .argument("<dir>", "the directory of YAML as it is to become")
    .addOption(
      new Option("--against <dir>", "the directory before the change").conflicts(["ref", "state"]),
    )
    .addOption(
      new Option(
        "--ref <ref>",
        "a commit or branch of Git that has the directory before the change",
      ),
    )
    .option("--validate", "have Envoy validate what proxies would be sent")
    .addOption(
      new Option(
        "--envoy <file>",
        "the Envoy for --validate, which this implies (default: the one that up would take)",
      ).implies({ validate: true }),
    )
    .addOption(formatOption("text", "json"));
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (directory: string, options: PlanOptions) => {
      const { runPlan } = await import("./run-plan.js");
      await runPlan(context, directory, options);
    });
}
