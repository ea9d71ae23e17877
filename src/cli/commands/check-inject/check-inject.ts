import { Command, Option } from "commander";
import { addConfigFlag, addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { parseLabels } from "../../options/arguments.js";
import { formatOption } from "../../options/format-option.js";
import type { CheckInjectOptions } from "./run-check-inject.js";

const HELP = `
\`up\` decides by this, with the rules of Istio's injector: the labels istio-injection and istio.io/rev of the namespace, and
sidecar.istio.io/inject and istio.io/rev of the pod. A namespace that no file declares counts as istio-injection=enabled. With
--config the files are checked, otherwise what a running control plane has read; without a pod or labels, all workloads. The pods
of a gateway have a proxy, whatever the labels say.

Examples:
  $ fairlead check-inject payments-v1-0.default
  $ fairlead check-inject deployment/payments-v1 -n default
  $ fairlead check-inject -n default -l app=payments,version=v1
  $ fairlead check-inject --config examples/shop`;

/** `fairlead check-inject`. */
export function checkInjectCommand(context: CommandContext): Command {
  const command = new Command("check-inject")
    .description("check whether pods get a sidecar, and which label decides it")
    .argument("[pod]", "NAME.NAMESPACE of a pod, or deployment/NAME.NAMESPACE of a workload")
    .option("-n, --namespace <namespace>", "the namespace of a name that is given without one")
    .addOption(
      new Option(
        "-l, --labels <k=v,...>",
        "check a pod with these labels, instead of one that exists",
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
