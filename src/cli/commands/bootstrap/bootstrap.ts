import { Command, Option } from "commander";
import type { CommandContext } from "../../context.js";
import { addBootstrapOptions } from "./bootstrap-options.js";
import type { BootstrapCommandOptions } from "./run-bootstrap.js";

const HELP = `
A stock Envoy that is started with this bootstrap joins from any machine that reaches the control plane. The root certificate is in
it; the token stays in its file, which has to exist when Envoy starts. An Envoy that is started again needs a new token, unless
\`fairlead agent\` keeps its certificate (--identity). With --config, EnvoyFilters for the BOOTSTRAP are applied. Start Envoy with
Istio's --drain-strategy immediate --drain-time-s 45: otherwise connections from before an edit keep the policies of before it
for up to ten minutes.

Examples:
  $ fairlead token create --service-account default/default > token
  $ fairlead bootstrap --workload payments-v1-0.default --config examples/shop --token-file token > envoy.json
  $ fairlead bootstrap --workload vm-1.default --group vms --config mesh --token-file token
  $ fairlead bootstrap --workload vm-1.default --group vms --config mesh --identity /var/lib/fairlead/vm-1
  $ fairlead bootstrap --workload edge-0.istio-system --gateway --labels istio=ingressgateway --token-file token`;

/** `fairlead bootstrap`. */
export function bootstrapCommand(context: CommandContext): Command {
  const command = new Command("bootstrap").description(
    "print a bootstrap with which a stock Envoy joins the mesh",
  );
  return addBootstrapOptions(command, context)
    .addOption(
      new Option(
        "--identity <dir>",
        "join with the certificate that `fairlead agent` keeps there",
      ).conflicts(["plaintext", "tokenFile"]),
    )
    .option("--plaintext", "join without TLS: without identity and secrets")
    .addHelpText("after", HELP)
    .action(async (options: BootstrapCommandOptions) => {
      const { runBootstrap } = await import("./run-bootstrap.js");
      await runBootstrap(options, context);
    });
}
