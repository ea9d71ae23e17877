import { Command } from "commander";
import { addConfigFlag, addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { formatOption } from "../../options/format-option.js";
import type { WhyOptions } from "./run-why.js";

const HELP = `
RESOURCE is the name of a cluster, listener, route configuration, virtual host or secret, as \`proxy-config\` shows it. With --config
it is looked up in the mesh that \`up\` would run from the files, otherwise in the running one.

Examples:
  $ fairlead why payments-v1-0.default "outbound|80||my-service.default.svc.cluster.local"
  $ fairlead why payments-v1-0.default my-service.default.svc.cluster.local:80
  $ fairlead why --config examples/shop my-service "outbound|80|v1|payments.default.svc.cluster.local"`;

/** `fairlead why`. */
export function whyCommand(context: CommandContext): Command {
  const command = new Command("why")
    .description("show which parts of which resources made an Envoy resource of a proxy")
    .argument("<pod>", "NAME.NAMESPACE of a pod or a workload")
    .argument("<resource>", "the resource's name");
  addConfigFlag(command).addOption(formatOption("text", "json"));
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (pod: string, resource: string, options: WhyOptions) => {
      const { runWhy } = await import("./run-why.js");
      await runWhy(context, { pod, resource }, options);
    });
}
