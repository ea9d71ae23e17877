import { type Command, Option } from "commander";
import {
  collect,
  parseHostPort,
  parseIpAddress,
  parseLabels,
  parseLocality,
  parsePort,
  parseResolver,
  parseWorkload,
} from "../arguments.js";
import type { CommandContext } from "../context.js";
import { defaultStatePath } from "../state-path.js";

/** Adds what a bootstrap that joins over TLS is made of. */
export function addBootstrapOptions(command: Command, context: CommandContext): Command {
  command.requiredOption(
    "--workload <name.namespace>",
    "the pod, or what stands for one",
    parseWorkload,
  );
  addIdentityOptions(command);
  addInterceptionOptions(command);
  addConnectionOptions(command, context);
  addListeningOptions(command);
  return command;
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
