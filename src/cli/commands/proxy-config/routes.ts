import { Command } from "commander";
import {
  type ProxyOptions,
  readDumpOf,
  sayIdle,
  withProxy,
} from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import { parseFlag } from "../../options/arguments.js";
import { outputOption, type WideFormat, writeWide } from "../../output/write-output.js";
import { wideHelp } from "./wide-help.js";

interface RoutesOptions extends ProxyOptions {
  readonly name?: string;
  readonly verbose: boolean;
  readonly output: WideFormat;
}

const HELP = `
${wideHelp("route")}

Examples:
  $ fairlead proxy-config routes payments-v1-0.default
  $ fairlead proxy-config routes payments-v1-0.default --name 80 -o json
  $ fairlead proxy-config routes payments-v1-0.default -o wide
  $ fairlead proxy-config routes -f dump.json --verbose=false`;

const PATH = "/config_dump?mask=dynamic_route_configs,static_route_configs";

/** `fairlead proxy-config routes`. */
export function routesCommand(context: CommandContext): Command {
  return withProxy(new Command("routes").aliases(["route", "r"]), context)
    .description("the route tables of a proxy, and which VirtualService made what")
    .option("--name <name>", "only the table of this name")
    .option("--verbose [boolean]", "each route; else how many virtual hosts", parseFlag, true)
    .addOption(outputOption("table", ["wide"]))
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: RoutesOptions) => {
      const { routesOf } = await import("../../../console/config-dump.js");
      const table = await import("../../../console/proxy-config/route-table.js");
      const { idleRoutes } = await import("../../../console/proxy-config/not-in-use.js");
      const { dump, id } = await readDumpOf(context, pod, options, {
        path: PATH,
        sections: [
          { name: "RoutesConfigDump", nameParts: options.name === undefined ? [] : [options.name] },
        ],
      });
      const routes = table.selectRoutes(routesOf(dump), options.name);
      sayIdle(context, idleRoutes(dump));
      await writeWide(context, options.output, {
        wide: async () => {
          const { routeSources } = await import("../../../console/proxy-config/known-sources.js");
          const { askSources } = await import("./ask-sources.js");
          const made = await askSources(context, options, id, "route");
          return table.wideRouteTable(routes, routeSources(made));
        },
        table: () => (options.verbose ? table.routeTable(routes) : table.routeCounts(routes)),
        value: () => routes,
        gap: 5,
      });
    });
}
