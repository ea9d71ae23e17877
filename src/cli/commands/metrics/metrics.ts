import { Command, Option } from "commander";
import { addConnectionFlags } from "../../connection/connection-options.js";
import type { CommandContext } from "../../context.js";
import { parsePort, parseTtl } from "../../options/arguments.js";
import { formatOption } from "../../options/format-option.js";
import type { MetricsOptions } from "./run-metrics.js";

const DEFAULT_DURATION = "10s";

const HELP = `
istioctl asks a Prometheus about the past; here the Envoys of the workload are asked, at the beginning and at the end of --duration.
HTTP requests that they answer as servers are counted; those with 4xx and 5xx are errors. An Envoy sums up latencies every 5
seconds: where there are requests, the command waits for that before it counts and after it.

The admin interfaces of all pods have to be on this machine. An Envoy that keeps only some statistics (proxyStatsMatcher) may count
no requests: then all columns show -.

Examples:
  $ fairlead x metrics payments-v1
  $ fairlead x metrics payments-v1.default istio-ingressgateway.istio-system
  $ fairlead x metrics payments-v1 payments-v2 svc/payments -d 30s
  $ fairlead x metrics payments-v1 -o json`;

/** `fairlead metrics`. */
export function metricsCommand(context: CommandContext): Command {
  const command = new Command("metrics")
    .alias("m")
    .description("show how many requests workloads answer, how many fail, and how long they take")
    .argument("<workloads...>", "NAME.NAMESPACE of each, or of a pod; or svc/NAME.NAMESPACE")
    .addOption(
      new Option("-d, --duration <time>", "how long to count")
        .argParser(parseTtl)
        .default(parseTtl(DEFAULT_DURATION), DEFAULT_DURATION),
    )
    .option("-n, --namespace <namespace>", "the namespace of a workload that is given without one")
    .addOption(
      new Option(
        "--proxy-admin-port <port>",
        "the port of the admin interfaces (default: that which each proxy names)",
      ).argParser(parsePort),
    )
    .addOption(formatOption("table", "json", "yaml"));
  return addConnectionFlags(command, context)
    .addHelpText("after", HELP)
    .action(async (workloads: readonly string[], options: MetricsOptions) => {
      const { runMetrics } = await import("./run-metrics.js");
      await runMetrics(context, workloads, options);
    });
}
