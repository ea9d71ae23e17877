import { type Command, Option } from "commander";
import type { CommandContext } from "../../context.js";
import {
  collect,
  parseHostPort,
  parseIpAddress,
  parseLabels,
  parseLocality,
  parsePort,
  parseResolver,
  parseWorkload,
} from "../../options/arguments.js";
import { defaultStatePath } from "../../options/state-path.js";

/** Adds what a bootstrap that joins over TLS is made of. */
export function addBootstrapOptions(command: Command, context: CommandContext): Command {
  command.requiredOption(
    "--workload <name.namespace>",
    "the pod, or the machine that stands for one",
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
      "a directory of YAML, to take labels, service account and proxy settings from the Deployment, WorkloadEntry or group; repeatable",
      collect,
    )
    .option("--group <name>", "the WorkloadGroup that it joins, whose probe its Envoy runs")
    .option("--service-account <name>", "the service account that it runs as (default: default)")
    .option("--labels <k=v,...>", "its labels", parseLabels)
    .option("--gateway", "it is a gateway, not a sidecar")
    .option(
      "--address <ip>",
      "the address at which others reach it (default: this machine's)",
      parseIpAddress,
    )
    .option("--locality <region/zone/subzone>", "its locality", parseLocality)
    .option("--on-demand", "send it a host only when it first calls it");
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
    .option(
      "--control-plane <host:port>",
      "the control plane (default: 127.0.0.1:15012)",
      parseHostPort,
    )
    .option("--san <name>", "the name in its certificate (default: its host)")
    .option("--root-cert <file>", "the root to trust (default: that of --state)")
    .option("--state <dir>", "the control plane's state directory", defaultStatePath(environment))
    .option("--token-file <file>", "the join token")
    .addOption(
      new Option("--protocol <protocol>", "the variant of xDS by which it asks for resources")
        .choices(["delta", "state-of-the-world"])
        .default("delta"),
    );
}

function addListeningOptions(command: Command): void {
  command
    .option("--admin-port <port>", "the port of the admin interface", parsePort, 15000)
    .option("--status-port <port>", "the port of /healthz/ready", parsePort, 15021)
    .option("--metrics", "make Istio's standard metrics, also where --config does not ask for them")
    .option("--metrics-port <port>", "the port of /stats/prometheus", parsePort, 15090)
    .option("--dns-resolver <ip[:port]>", "a DNS server to ask; repeatable", parseResolver);
}
