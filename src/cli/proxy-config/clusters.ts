import { Command } from "commander";
import type { ClusterFilter } from "../../console/cluster-table.js";
import { parsePort } from "../arguments.js";
import type { CommandContext } from "../context.js";
import { type ProxyOptions, readDump, sayIdle, withProxy } from "../proxy-source.js";
import { type OutputFormat, outputOption, writeOutput } from "../write-output.js";

interface ClustersOptions extends ProxyOptions, ClusterFilter {
  readonly output: OutputFormat;
}

const HELP = `
Examples:
  $ fairlead proxy-config clusters payments-v1-0.default
  $ fairlead proxy-config clusters payments-v1-0.default --port 80 --direction outbound
  $ fairlead proxy-config clusters payments-v1-0.default --fqdn payments.default.svc.cluster.local -o json
  $ fairlead proxy-config clusters -f dump.json --subset v1`;

const PATH = "/config_dump?mask=dynamic_active_clusters,dynamic_warming_clusters,static_clusters";

/** `fairlead proxy-config clusters`. */
export function clustersCommand(context: CommandContext): Command {
  return withProxy(new Command("clusters").aliases(["cluster", "c"]), context)
    .description("the clusters of a proxy: where its requests can go")
    .option("--fqdn <host>", "only those whose host contains this")
    .option("--port <port>", "only those of this port", parsePort)
    .option("--subset <name>", "only those whose subset contains this")
    .option("--direction <direction>", "only those of this direction: inbound, outbound")
    .addOption(outputOption())
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: ClustersOptions) => {
      const { clustersOf } = await import("../../console/config-dump.js");
      const { clusterTable, selectClusters } = await import("../../console/cluster-table.js");
      const { idleClusters } = await import("../../console/not-in-use.js");
      const dump = await readDump(context, pod, options, PATH);
      const clusters = selectClusters(clustersOf(dump), options);
      sayIdle(context, idleClusters(dump));
      await writeOutput(context, options.output, {
        table: () => clusterTable(clusters),
        value: () => clusters,
        gap: 5,
      });
    });
}
