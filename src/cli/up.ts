import { Command, Option } from "commander";
import { parsePort, parseResolver } from "./arguments.js";
import type { CommandContext } from "./context.js";
import { addCalledServers } from "./long-running/called-servers.js";
import { loadLongRunning } from "./long-running/load-long-running.js";
import { LOG_LEVELS } from "./long-running/log-levels.js";
import type { UpCommandOptions } from "./long-running/run-up.js";

const HELP = `
Every pod gets a real Envoy, a loopback address of its own and an echo server as its application. Envoy 1.40 is taken
from FAIRLEAD_ENVOY, from the PATH, or from where \`make envoy\` put it. Hosts outside the mesh are answered by stand-ins; those
whose endpoints a ServiceEntry names as Services of the mesh by the pods of these.

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
    .option("--cacerts <dir>", "an authority that is given: Istio's cacerts files, watched")
    .option("--port <port>", "of the control plane, plaintext", parsePort, 15010)
    .option("--tls-port <port>", "of the control plane, TLS", parsePort, 15012)
    .option("--http-port <port>", "of the control plane, metrics and health", parsePort, 15014)
    .addOption(
      new Option("--log-level <level>", "of the control plane's log file")
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
