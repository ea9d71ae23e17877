import { Command, Option } from "commander";
import { parseLabels } from "./arguments.js";
import { addConfigFlag, addConnectionFlags } from "./connection/connection-options.js";
import type { CommandContext } from "./context.js";
import { formatOption } from "./format-option.js";
import type { CheckInjectOptions } from "./run-check-inject.js";

const HELP = `
It is what \`up\` goes by, and the rules are those of Istio's injector: the labels istio-injection and istio.io/rev of the namespace,
sidecar.istio.io/inject and istio.io/rev of the pod. A namespace that no file declares counts as istio-injection=enabled. With
--config the files are looked at; else what the control plane has read that runs. Without a pod and labels all workloads are told
of. A gateway's pods have a proxy too, whatever the labels say.

Examples:
  $ fairlead check-inject payments-v1-0.default
  $ fairlead check-inject deployment/payments-v1 -n default
  $ fairlead check-inject -n default -l app=payments,version=v1
  $ fairlead check-inject --config examples/shop`;

/** `fairlead check-inject`. */
export function checkInjectCommand(context: CommandContext): Command {
  const command = new Command("check-inject")
    .description("tell whether pods get a sidecar, and by which label")
    .argument("[pod]", "NAME.NAMESPACE of a pod, or deployment/NAME.NAMESPACE of a workload")
    .option("-n, --namespace <namespace>", "of what is given without one")
    .addOption(
      new Option(
        "-l, --labels <k=v,...>",
        "pods with these labels, in place of one that there is",
      ).argParser(parseLabels),
    );
  addConfigFlag(command).addOption(formatOption("table", "json", "yaml"));
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: CheckInjectOptions) => {
      const { runCheckInject } = await import("./run-check-inject.js");
      await runCheckInject(context, pod, options);
    });
}
