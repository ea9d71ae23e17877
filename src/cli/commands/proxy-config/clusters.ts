import { Command } from "commander";
import type { ClusterFilter } from "../../../console/proxy-config/cluster-table.js";
import {
  CLUSTER_TABLE_FIELDS,
  clusterNameParts,
} from "../../../console/proxy-config/told-clusters.js";
import {
  type ProxyOptions,
  readDumpOf,
  sayIdle,
  type Wanted,
  withProxy,
} from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import { parsePort } from "../../options/arguments.js";
import { outputOption, type WideFormat, writeWide } from "../../output/write-output.js";
import { directionOption } from "./direction-option.js";
import { wideHelp } from "./wide-help.js";

interface ClustersOptions extends ProxyOptions, ClusterFilter {
  readonly output: WideFormat;
}

const HELP = `
${wideHelp("cluster")}

Examples:
  $ fairlead proxy-config clusters payments-v1-0.default
  $ fairlead proxy-config clusters payments-v1-0.default --port 80 --direction outbound
  $ fairlead proxy-config clusters payments-v1-0.default --fqdn payments.default.svc.cluster.local -o json
  $ fairlead proxy-config clusters -f dump.json --subset v1
  $ fairlead proxy-config clusters payments-v1-0.default -o wide`;

const PATH = "/config_dump?mask=dynamic_active_clusters,dynamic_warming_clusters,static_clusters";

/** A table shows little of a cluster, and a large mesh has thousands of them. */
function wantedOf({ output, ...filter }: ClustersOptions): Wanted {
  const isWhole = output === "json" || output === "yaml";
  const fields = isWhole ? [] : [...CLUSTER_TABLE_FIELDS];
  return {
    path: PATH,
    sections: [{ name: "ClustersConfigDump", fields, nameParts: [...clusterNameParts(filter)] }],
  };
}

/** `fairlead proxy-config clusters`. */
export function clustersCommand(context: CommandContext): Command {
  return withProxy(new Command("clusters").aliases(["cluster", "c"]), context)
    .description("the clusters of a proxy: where its requests can go")
    .option("--fqdn <host>", "only those whose host contains this")
    .option("--port <port>", "only those of this port", parsePort)
    .option("--subset <name>", "only those whose subset contains this")
    .addOption(directionOption("only those of this direction"))
    .addOption(outputOption("table", ["wide"]))
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: ClustersOptions) => {
      const { clustersOf } = await import("../../../console/config-dump.js");
      const table = await import("../../../console/proxy-config/cluster-table.js");
      const { idleClusters } = await import("../../../console/proxy-config/not-in-use.js");
      const { dump, id } = await readDumpOf(context, pod, options, wantedOf(options));
      const clusters = table.selectClusters(clustersOf(dump), options);
      sayIdle(context, idleClusters(dump));
      await writeWide(context, options.output, {
        table: () => table.clusterTable(clusters),
        wide: async () => {
          const { clusterSources } = await import("../../../console/proxy-config/known-sources.js");
          const { askSources } = await import("./ask-sources.js");
          const made = await askSources(context, options, id, "cluster");
          return table.wideClusterTable(clusters, clusterSources(made));
        },
        value: () => clusters,
        gap: 5,
      });
    });
}
