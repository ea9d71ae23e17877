import { Command, Option } from "commander";
import { addConnectionFlags } from "./connection/connection-options.js";
import type { CommandContext } from "./context.js";
import { formatOption } from "./format-option.js";
import type { PlanOptions } from "./plan/run-plan.js";

const HELP = `
Nothing is touched. Without --against and --ref a control plane that runs is asked what the directory would change in the place of
the one of the same name that it reads, or of all that it reads when none has that name, for the proxies that are connected to
it. It is sent the files that differ; Secrets and directories that it reads elsewhere are taken as they are. With them two
states of a directory are compared, for the workloads that they declare. What Envoy would refuse is among the new findings.

With --validate a real Envoy looks at each resource that would be sent, in its mode for that: no proxy is asked. What it refuses is
a new finding, at the line that made it. Against a control plane it is shown what this directory alone makes. It runs Lua of
EnvoyFilters when it reads it: of people whom you do not trust, only where that does no harm.

Exit codes: 0 nothing changes, 2 something does, 1 the new state has errors that were not there before.

Examples:
  $ fairlead plan mesh
  $ fairlead plan examples/shop --against examples/shop
  $ fairlead plan examples/shop --ref HEAD
  $ fairlead plan examples/shop --against examples/shop --validate`;

/** `fairlead plan`. */
export function planCommand(context: CommandContext): Command {
  const command = new Command("plan")
    .description("say what a change of the configuration would do to every proxy")
    .argument("<dir>", "a directory of YAML as it is to be")
    .addOption(new Option("--against <dir>", "the directory as it is").conflicts(["ref", "state"]))
    .addOption(
      new Option("--ref <ref>", "a commit or branch of Git in which the directory is as it is"),
    )
    .option("--validate", "have Envoy validate what proxies would be sent")
    .addOption(
      new Option(
        "--envoy <file>",
        "the Envoy for that, which it has validate (default: the one that up would take)",
      ).implies({ validate: true }),
    )
    .addOption(formatOption("text", "json"));
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (directory: string, options: PlanOptions) => {
      const { runPlan } = await import("./plan/run-plan.js");
      await runPlan(context, directory, options);
    });
}
