import { Command } from "commander";
import type { EndpointFilter } from "../../console/endpoint-table.js";
import { parsePort } from "../arguments.js";
import type { CommandContext } from "../context.js";
import { type ProxyOptions, readDump, readProxy, withProxy } from "../proxy-source.js";
import { type OutputFormat, outputOption, writeOutput } from "../write-output.js";

interface EndpointsOptions extends ProxyOptions, EndpointFilter {
  readonly output: OutputFormat;
}

const ENDPOINTS_HELP = `
What the proxy found out about each host is in it; \`proxy-config eds\` has what it was told of them, with localities.
A saved file is the answer to /clusters?format=json.

Examples:
  $ fairlead proxy-config endpoints payments-v1-0.default
  $ fairlead proxy-config endpoints payments-v1-0.default --status healthy --port 8080
  $ fairlead proxy-config endpoints payments-v1-0.default --cluster "outbound|80||payments.default.svc.cluster.local"
  $ fairlead proxy-config endpoints -f clusters.json`;

const EDS_HELP = `
A saved file is the answer to /config_dump?include_eds.

Examples:
  $ fairlead proxy-config eds payments-v1-0.default --port 8080
  $ fairlead proxy-config eds -f dump.json`;

function withEndpointFilter(command: Command, context: CommandContext): Command {
  return withProxy(command, context)
    .option("--address <address>", "only those at this address")
    .option("--port <port>", "only those on this port", parsePort)
    .option("--cluster <name>", "only those of this cluster")
    .option("--status <status>", "only those that are so: healthy, unhealthy, draining")
    .addOption(outputOption());
}

/** `fairlead proxy-config endpoints`. */
export function endpointsCommand(context: CommandContext): Command {
  return withEndpointFilter(new Command("endpoints").aliases(["endpoint", "ep"]), context)
    .description("the hosts that a proxy knows, and how they are")
    .addHelpText("after", ENDPOINTS_HELP)
    .action(async (pod: string | undefined, options: EndpointsOptions) => {
      const { parseClusterStatuses, toldStatuses } = await import(
        "../../console/cluster-statuses.js"
      );
      const { parseConfigDump } = await import("../../console/config-dump.js");
      const { endpointTable, selectStatuses } = await import("../../console/endpoint-table.js");
      const { kind, text } = await readProxy(context, pod, options, "/clusters?format=json");
      const clusters =
        kind === "held" ? parseClusterStatuses(text) : toldStatuses(parseConfigDump(text));
      await writeOutput(context, options.output, {
        table: () => endpointTable(clusters, options),
        value: () => selectStatuses(clusters, options),
        gap: 5,
      });
    });
}

/** `fairlead proxy-config eds`. */
export function edsCommand(context: CommandContext): Command {
  return withEndpointFilter(new Command("eds"), context)
    .description("the hosts that a proxy was told of, with their localities")
    .addHelpText("after", EDS_HELP)
    .action(async (pod: string | undefined, options: EndpointsOptions) => {
      const { endpointsOf } = await import("../../console/config-dump.js");
      const { edsTable, selectEndpoints } = await import("../../console/eds-table.js");
      const dump = await readDump(context, pod, options, "/config_dump?include_eds");
      const endpoints = selectEndpoints(endpointsOf(dump), options);
      await writeOutput(context, options.output, {
        table: () => edsTable(endpoints),
        value: () => endpoints,
        gap: 5,
      });
    });
}
