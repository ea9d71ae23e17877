import { Command } from "commander";
import { columns } from "../../../base/text/columns.js";
import { visibleLines } from "../../../base/text/visible-text.js";
import type { ListenerType } from "../../../console/proxy-config/listener-table.js";
import {
  CLUSTER_TABLE_FIELDS,
  clusterNameParts,
} from "../../../console/proxy-config/told-clusters.js";
import {
  type ProxyOptions,
  readDump,
  type Wanted,
  withProxy,
} from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import { parseFlag, parsePort } from "../../options/arguments.js";
import { isTable, type OutputFormat, outputOption, writeValue } from "../../output/write-output.js";
import { directionOption } from "./direction-option.js";
import { typeOption } from "./type-option.js";

interface AllOptions extends ProxyOptions {
  readonly fqdn?: string;
  readonly port?: number;
  readonly subset?: string;
  readonly direction?: string;
  readonly address?: string;
  readonly type?: ListenerType;
  readonly name?: string;
  readonly verbose: boolean;
  readonly output: OutputFormat;
}

const HELP = `
Examples:
  $ fairlead proxy-config all payments-v1-0.default
  $ fairlead proxy-config all payments-v1-0.default -o json
  $ fairlead proxy-config all -f dump.json --port 80`;

function wantedOf({ output, name, ...clusters }: AllOptions): Wanted {
  const path = "/config_dump?include_eds";
  if (!isTable(output)) return { path, sections: [] };
  const told = {
    fields: [...CLUSTER_TABLE_FIELDS],
    nameParts: [...clusterNameParts(clusters)],
  };
  return {
    path,
    sections: [
      { name: "ClustersConfigDump", ...told },
      { name: "ListenersConfigDump" },
      { name: "RoutesConfigDump", nameParts: name === undefined ? [] : [name] },
      { name: "SecretsConfigDump" },
      { name: "EndpointsConfigDump" },
    ],
  };
}

/** `fairlead proxy-config all`. */
export function allCommand(context: CommandContext): Command {
  return withProxy(new Command("all").alias("a"), context)
    .description("all parts, one below the other")
    .option("--fqdn <host>", "only clusters whose host contains this")
    .option("--port <port>", "only clusters, listeners and endpoints of this port", parsePort)
    .option("--subset <name>", "only clusters whose subset contains this")
    .addOption(directionOption("only clusters of this direction"))
    .option("--address <address>", "only listeners and endpoints at this address")
    .addOption(typeOption("only listeners for that"))
    .option("--name <name>", "only the route table of this name")
    .option("--verbose [boolean]", "each filter chain and each route", parseFlag, true)
    .addOption(outputOption())
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: AllOptions) => {
      const { fullSummary } = await import("../../../console/proxy-config/full-summary.js");
      const dump = await readDump(context, pod, options, wantedOf(options));
      if (!isTable(options.output)) {
        await writeValue(context, options.output, { configs: Object.values(dump) });
        return;
      }
      const parts = fullSummary(dump, {
        clusters: options,
        listeners: options,
        ...(options.name === undefined ? {} : { route: options.name }),
        verbose: options.verbose,
        now: Date.now(),
      });
      for (const { title, rows, gap } of parts) {
        const lines = [`------ ${title} info ------`, "", ...columns(rows, gap), ""];
        context.stdout.write(visibleLines(lines));
      }
    });
}
