import { Command, Option } from "commander";
import {
  collect,
  parseHostPort,
  parseIpAddress,
  parseLabels,
  parseLocality,
  parsePort,
  parseResolver,
  parseWorkload,
} from "./arguments.js";
import type { CommandContext } from "./context.js";
import type { BootstrapCommandOptions } from "./run-bootstrap.js";
import { defaultStatePath } from "./state-path.js";

const HELP = `
The bootstrap is complete: a stock Envoy that is started with it joins from any machine that reaches the control plane.
The root certificate is in it; the token stays in its file, which has to be there when Envoy starts. With --config it is as
EnvoyFilters for the BOOTSTRAP change it. Start Envoy with Istio's --drain-strategy immediate --drain-time-s 45: else connections
from before an edit go on by the policies of before it, for up to ten minutes.

Examples:
  $ fairlead token create --service-account default/default > token
  $ fairlead bootstrap --workload payments-v1-0.default --config examples/shop --token-file token > envoy.json
  $ fairlead bootstrap --workload vm-1.default --group vms --config mesh --token-file token
  $ fairlead bootstrap --workload edge-0.istio-system --gateway --labels istio=ingressgateway --token-file token`;

/** `fairlead bootstrap`. */
export function bootstrapCommand(context: CommandContext): Command {
  const command = new Command("bootstrap")
    .description("print a bootstrap with which a stock Envoy joins the mesh")
    .requiredOption(
      "--workload <name.namespace>",
      "the pod, or what stands for one",
      parseWorkload,
    );
  addIdentityOptions(command);
  addInterceptionOptions(command);
  addConnectionOptions(command, context);
  addListeningOptions(command);
  return command.addHelpText("after", HELP).action(async (options: BootstrapCommandOptions) => {
    const { runBootstrap } = await import("./run-bootstrap.js");
    await runBootstrap(options, context);
  });
}

function addIdentityOptions(command: Command): void {
  command
    .option(
      "--config <dir>",
      "take labels, service account and proxy settings from its Deployment, WorkloadEntry or group; repeatable",
      collect,
    )
    .option("--group <name>", "the WorkloadGroup that it joins, whose probe its Envoy runs")
    .option("--service-account <name>", "whom it runs as (default: default)")
    .option("--labels <k=v,...>", "its labels", parseLabels)
    .option("--gateway", "it is a gateway, not a sidecar")
    .option("--address <ip>", "by which others reach it (default: this machine's)", parseIpAddress)
    .option("--locality <region/zone/subzone>", "where it is", parseLocality)
    .option("--on-demand", "it is sent the hosts that it calls, when it first calls them");
}

function addInterceptionOptions(command: Command): void {
  command
    .addOption(
      new Option("--mode <mode>", "how connections reach it: redirected by iptables, or as called")
        .choices(["REDIRECT", "NONE"])
        .default("REDIRECT"),
    )
    .option("--app-address <ip>", "mode NONE: where the application listens", parseIpAddress)
    .option("--egress-address <ip>", "mode NONE: where to listen for its calls", parseIpAddress)
    .option("--unprivileged", "it may not listen on ports below 1024");
}

function addConnectionOptions(command: Command, { environment }: CommandContext): void {
  command
    .option("--control-plane <host:port>", "default: 127.0.0.1:15012", parseHostPort)
    .option("--san <name>", "the name in its certificate (default: its host)")
    .option("--root-cert <file>", "the root to trust (default: that of --state)")
    .option("--state <dir>", "the control plane's state directory", defaultStatePath(environment))
    .option("--token-file <file>", "the join token")
    .option("--plaintext", "join without TLS, without an identity and secrets")
    .addOption(
      new Option("--protocol <protocol>", "how resources are asked for")
        .choices(["delta", "state-of-the-world"])
        .default("delta"),
    );
}

function addListeningOptions(command: Command): void {
  command
    .option("--admin-port <port>", "of the admin interface", parsePort, 15000)
    .option("--status-port <port>", "of /healthz/ready", parsePort, 15021)
    .option(
      "--metrics",
      "it makes Istio's metrics, under their own names; with --config as that says",
    )
    .option("--metrics-port <port>", "of /stats/prometheus", parsePort, 15090)
    .option("--dns-resolver <ip[:port]>", "a DNS server to ask; repeatable", parseResolver);
}
