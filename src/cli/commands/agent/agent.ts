import { Command, Option } from "commander";
import type { CommandContext } from "../../context.js";
import { parseTtl } from "../../options/arguments.js";
import { addBootstrapOptions } from "../bootstrap/bootstrap-options.js";
import type { AgentCommandOptions } from "./run-agent.js";

/** Istio's terminationDrainDuration. */
const DEFAULT_DRAIN = "5s";

const HELP = `
The agent makes a key, has the control plane certify it, and keeps both in the directory of --identity, where Envoy reads them. So a
proxy comes back by itself, also after a reboot. The agent joins with the token once, and renews its certificate, which is valid
for a day, with the certificate before. When that has expired, each attempt reads the token file again: write a new token into it.
With --command-probe the files of --config decide which command runs here as the user of the agent: let nobody else write them. The
control plane never decides it.
Arguments behind -- are passed to Envoy. The first signal to end gives connections --drain-time to end, the second ends all at once.

Examples:
  $ fairlead agent --workload vm-1.default --group vms --config mesh --control-plane mesh.example.com:15012 --root-cert root.pem --token-file token
  $ fairlead agent --workload my-service-1.default --config mesh --mode NONE --token-file token -- --concurrency 2
  $ fairlead agent --workload my-service-2.default --config mesh --token-file token --identity my-service --no-envoy`;

/** `fairlead agent`. */
export function agentCommand(context: CommandContext): Command {
  const command = new Command("agent")
    .description("keep the identity of a workload, and run the Envoy that joins with it")
    .argument("[arguments...]", "arguments for Envoy, behind --");
  return addBootstrapOptions(command, context)
    .option(
      "--identity <dir>",
      "where key and certificate are kept (default: a directory for the workload below the default of --state)",
    )
    .option("--envoy <file>", "Envoy's executable (default: FAIRLEAD_ENVOY, else one in the PATH)")
    .option(
      "--no-envoy",
      "only keep the identity; `fairlead bootstrap --identity` prints the bootstrap for an Envoy that you start",
    )
    .option(
      "--command-probe",
      "run the exec probe of the group, as --config has it now, and report its result",
    )
    .addOption(
      new Option("--drain-time <time>", "how long connections have to end when the agent ends")
        .argParser(parseTtl)
        .default(parseTtl(DEFAULT_DRAIN), DEFAULT_DRAIN),
    )
    .addHelpText("after", HELP)
    .action(async (envoyArguments: readonly string[], options: AgentCommandOptions) => {
      const { runAgentCommand } = await import("./run-agent.js");
      await runAgentCommand(context, options, envoyArguments);
    });
}
