import { Command } from "commander";
import type { AgentCommandOptions } from "./agent/run-agent.js";
import { parseTtl } from "./arguments.js";
import { addBootstrapOptions } from "./bootstrap/bootstrap-options.js";
import type { CommandContext } from "./context.js";

/** Istio's terminationDrainDuration. */
const DEFAULT_DRAIN = "5s";

const HELP = `
A proxy comes back by itself then, also after a reboot: the agent has a key of its own, has it certified by the control plane, and
keeps both in the directory of --identity, where Envoy reads them. It joins by the token once, and renews by its certificate, which is
good for a day. When that has ended it reads the token again, each time that it tries: write a new one into the same file.
With --command-probe whoever writes the files of --config says what is run here, as the user of the agent: have them be this machine's
own. The control plane never says it.
What stands behind -- is for Envoy. A signal to end has Envoy's connections end within --drain-time, a second one ends all at once.

Examples:
  $ fairlead agent --workload vm-1.default --group vms --config mesh --control-plane mesh.example.com:15012 --root-cert root.pem --token-file token
  $ fairlead agent --workload my-service-1.default --config mesh --mode NONE --token-file token -- --concurrency 2
  $ fairlead agent --workload my-service-2.default --config mesh --token-file token --identity my-service --no-envoy`;

/** `fairlead agent`. */
export function agentCommand(context: CommandContext): Command {
  const command = new Command("agent")
    .description("keep the identity of a workload, and run the Envoy that joins by it")
    .argument("[arguments...]", "of Envoy, behind --");
  return addBootstrapOptions(command, context)
    .option(
      "--identity <dir>",
      "where key and certificate are kept (default: a directory of the workload's beside --state's default)",
    )
    .option("--envoy <file>", "Envoy's executable (default: FAIRLEAD_ENVOY, else one in the PATH)")
    .option("--no-envoy", "only keep the identity: `fairlead bootstrap --identity` is for Envoy")
    .option(
      "--command-probe",
      "run the command of the group's probe (exec) as --config has it now, and report what it comes to",
    )
    .option(
      "--drain-time <time>",
      "how long connections have when it ends",
      parseTtl,
      parseTtl(DEFAULT_DRAIN),
    )
    .addHelpText("after", HELP)
    .action(async (envoyArguments: readonly string[], options: AgentCommandOptions) => {
      const { runAgentCommand } = await import("./agent/run-agent.js");
      await runAgentCommand(context, options, envoyArguments);
    });
}
