import { Command, Option } from "commander";
import type { CommandContext } from "../context.js";
import { addCalledServers } from "../long-running/called-servers-options.js";
import { loadLongRunning } from "../long-running/load-long-running.js";
import { LOG_LEVELS } from "../long-running/log-levels.js";
import type { UpCommandOptions } from "../long-running/run-up.js";
import { parsePort, parseResolver } from "../options/arguments.js";

const HELP = `
Every pod gets a real Envoy, a loopback address of its own and an echo server as its application. Envoy 1.40 is taken from
FAIRLEAD_ENVOY, from the PATH, or from where \`make envoy\` put it. Stand-ins answer for hosts outside the mesh; where a ServiceEntry
names Services of the mesh as its endpoints, their pods answer.

Examples:
  $ fairlead up examples/shop
  $ fairlead up examples/shop --cacerts /etc/cacerts
  $ fairlead up examples/shop --port 25010 --tls-port 25012 --http-port 25014`;

/** `fairlead up`. */
export function upCommand(context: CommandContext): Command {
  const command = new Command("up")
    .description("run a whole mesh on this machine, from a directory of YAML")
    .argument("<directory>", "the directory of YAML, which is watched")
    .option("--state <dir>", "where to keep certificates, addresses and logs")
    .option("--secrets <dir>", "certificates as files: NAMESPACE/NAME/{tls.crt,tls.key,ca.crt}")
    .option(
      "--cacerts <dir>",
      "a certificate authority of your own: Istio's cacerts files, watched",
    )
    .option("--port <port>", "the control plane's port for xDS in plaintext", parsePort, 15010)
    .option("--tls-port <port>", "the control plane's port for xDS with TLS", parsePort, 15012)
    .option(
      "--http-port <port>",
      "the control plane's port for metrics and health",
      parsePort,
      15014,
    )
    .addOption(
      new Option("--log-level <level>", "how much the control plane writes to its log file")
        .choices(LOG_LEVELS)
        .default("info"),
    )
    .option("--no-stand-ins", "call the real hosts outside the mesh")
    .option("--dns-resolver <ip[:port]>", "a DNS server for them; repeatable", parseResolver);
  return addCalledServers(command)
    .addHelpText("after", HELP)
    .action(async (directory: string, options: UpCommandOptions) => {
      const { runUp } = await loadLongRunning();
      await runUp(context, directory, options);
    });
}
