import { Command, Option } from "commander";
import type { EndpointFilter } from "../../../console/proxy-config/endpoint-table.js";
import type { hostSources } from "../../../console/proxy-config/known-sources.js";
import {
  type ProxyOptions,
  readDumpOf,
  readProxy,
  type Wanted,
  withProxy,
} from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import { parsePort, parseWordOf } from "../../options/arguments.js";
import { outputOption, type WideFormat, writeWide } from "../../output/write-output.js";
import { wideHelp } from "./wide-help.js";

interface EndpointsOptions extends ProxyOptions, EndpointFilter {
  readonly output: WideFormat;
}

const ENDPOINTS_HELP = `
It shows what the proxy found out about each host; \`proxy-config eds\` shows what it was told of them, with localities.
A saved file is the answer to /clusters?format=json.

${wideHelp("host")}

Examples:
  $ fairlead proxy-config endpoints payments-v1-0.default
  $ fairlead proxy-config endpoints payments-v1-0.default --status healthy --port 8080
  $ fairlead proxy-config endpoints payments-v1-0.default --cluster "outbound|80||payments.default.svc.cluster.local"
  $ fairlead proxy-config endpoints payments-v1-0.default -o wide
  $ fairlead proxy-config endpoints -f clusters.json`;

const EDS_HELP = `
A saved file is the answer to /config_dump?include_eds. -o wide is that of \`proxy-config endpoints\`.

Examples:
  $ fairlead proxy-config eds payments-v1-0.default --port 8080
  $ fairlead proxy-config eds -f dump.json`;

/** The endpoints of the clusters that are meant. */
function wantedOf({ cluster }: EndpointsOptions, path: string): Wanted {
  const nameParts = cluster === undefined ? [] : [cluster];
  return { path, sections: [{ name: "EndpointsConfigDump", nameParts }] };
}

/** Envoy's words for how a host is, in lower case. */
const STATUSES = ["healthy", "unhealthy", "draining", "timeout", "degraded", "unknown"] as const;

function withEndpointFilter(command: Command, context: CommandContext): Command {
  return withProxy(command, context)
    .option("--address <address>", "only those at this address")
    .option("--port <port>", "only those on this port", parsePort)
    .option("--cluster <name>", "only those of this cluster")
    .addOption(
      new Option("--status <status>", "only those with this status")
        .choices(STATUSES)
        .argParser(parseWordOf(STATUSES)),
    )
    .addOption(outputOption("table", ["wide"]));
}

async function sourcesOfHosts(
  context: CommandContext,
  options: EndpointsOptions,
  id: string | undefined,
): Promise<ReturnType<typeof hostSources>> {
  const known = await import("../../../console/proxy-config/known-sources.js");
  const { askSources } = await import("./ask-sources.js");
  return known.hostSources(await askSources(context, options, id, "endpoint"));
}

/** `fairlead proxy-config endpoints`. */
export function endpointsCommand(context: CommandContext): Command {
  return withEndpointFilter(new Command("endpoints").aliases(["endpoint", "ep"]), context)
    .description("the hosts that a proxy knows, and how they are")
    .addHelpText("after", ENDPOINTS_HELP)
    .action(async (pod: string | undefined, options: EndpointsOptions) => {
      const { parseClusterStatuses, toldStatuses } = await import(
        "../../../console/proxy-config/cluster-statuses.js"
      );
      const { parseConfigDump } = await import("../../../console/config-dump.js");
      const table = await import("../../../console/proxy-config/endpoint-table.js");
      const { kind, text, id } = await readProxy(
        context,
        pod,
        options,
        wantedOf(options, "/clusters?format=json"),
      );
      const clusters =
        kind === "held" ? parseClusterStatuses(text) : toldStatuses(parseConfigDump(text));
      await writeWide(context, options.output, {
        table: () => table.endpointTable(clusters, options),
        wide: async () =>
          table.wideEndpointTable(clusters, options, await sourcesOfHosts(context, options, id)),
        value: () => table.selectStatuses(clusters, options),
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
      const { endpointsOf } = await import("../../../console/config-dump.js");
      const table = await import("../../../console/proxy-config/eds-table.js");
      const { dump, id } = await readDumpOf(
        context,
        pod,
        options,
        wantedOf(options, "/config_dump?include_eds"),
      );
      const endpoints = table.selectEndpoints(endpointsOf(dump), options);
      await writeWide(context, options.output, {
        table: () => table.edsTable(endpoints),
        wide: async () => table.wideEdsTable(endpoints, await sourcesOfHosts(context, options, id)),
        value: () => endpoints,
        gap: 5,
      });
    });
}
