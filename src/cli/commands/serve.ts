import { Command, Option } from "commander";
import type { CommandContext } from "../context.js";
import { addCalledServers } from "../long-running/called-servers-options.js";
import { loadLongRunning } from "../long-running/load-long-running.js";
import { LOG_LEVELS } from "../long-running/log-levels.js";
import type { ServeOptions } from "../long-running/run-serve.js";
import {
  collect,
  collectHostPort,
  collectServiceAccount,
  parsePort,
  parseTtl,
} from "../options/arguments.js";
import { KEY_TYPES } from "../options/key-types.js";
import { defaultStatePath } from "../options/state-path.js";

const HELP = `
Proxies join with a bootstrap from \`fairlead bootstrap\` and a token from \`fairlead token create\`. On a terminal the log is text;
otherwise it is JSON, one line for each entry.

Examples:
  $ fairlead serve --config mesh
  $ fairlead serve --config /etc/fairlead --secrets /etc/certificates --address 0.0.0.0 --tls-name mesh.example.com
  $ fairlead serve --config mesh --cacerts /etc/cacerts --address 10.0.0.2 --tls-name 10.0.0.2 --peer 10.0.0.3:15012`;

/** `fairlead serve`. */
export function serveCommand(context: CommandContext): Command {
  const command = new Command("serve")
    .description("run only the control plane")
    .requiredOption("--config <dir>", "a directory of YAML, which is watched; repeatable", collect)
    .option("--secrets <dir>", "certificates as files: NAMESPACE/NAME/{tls.crt,tls.key,ca.crt}")
    .option(
      "--state <dir>",
      "where to keep what must survive a restart",
      defaultStatePath(context.environment),
    )
    .option("--address <ip>", "where to listen", "127.0.0.1")
    .option("--port <port>", "xDS in plaintext, without secrets", parsePort, 15010)
    .option("--tls-port <port>", "xDS with TLS", parsePort, 15012)
    .option("--http-port <port>", "metrics and health", parsePort, 15014)
    .option("--tls-name <name>", "a name or address by which proxies call it; repeatable", collect)
    .option(
      "--operator <ns/name>",
      "a service account that may ask for the state of proxies over TLS; repeatable",
      collectServiceAccount,
    )
    .option(
      "--cacerts <dir>",
      "a certificate authority of your own: Istio's cacerts files, watched",
    )
    .option(
      "--trust-bundles <dir>",
      "roots of other trust domains, whose workloads may call: TRUST-DOMAIN.pem or .json, watched",
    )
    .option(
      "--crl <file>",
      "revoked certificates of the mesh, watched; else ca-crl.pem of --cacerts",
    )
    .option(
      "--peer <host:port>",
      "the TLS port of another control plane of the mesh, whose workloads are called from here; repeatable",
      collectHostPort,
    )
    .option(
      "--jwt-issuers <file>",
      "a file of issuers whose JSON Web Tokens let proxies in, beside join tokens",
    );
  return addCalledServers(command)
    .option("--workload-ttl <time>", "how long workload certificates are valid", parseTtl)
    .addOption(
      new Option("--workload-key <type>", "the type of the keys that are made for workloads")
        .choices(Object.keys(KEY_TYPES))
        .default("p256"),
    )
    .addOption(
      new Option("--log-level <level>", "how much to log").choices(LOG_LEVELS).default("info"),
    )
    .addHelpText("after", HELP)
    .action(async (options: ServeOptions) => {
      const { runServe } = await loadLongRunning();
      await runServe(context, options);
    });
}
