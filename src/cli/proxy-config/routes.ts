import { Command } from "commander";
import { columns } from "../../base/columns.js";
import { parseFlag } from "../arguments.js";
import type { CommandContext } from "../context.js";
import { type ProxyOptions, readDump, sayIdle, withProxy } from "../proxy-source.js";
import { type OutputFormat, outputOption, writeOutput } from "../write-output.js";

interface RoutesOptions extends ProxyOptions {
  readonly name?: string;
  readonly verbose: boolean;
  readonly output: OutputFormat | "wide";
}

const HELP = `
With -o wide each route has the part of the VirtualService that made it, and where that is written.

Examples:
  $ fairlead proxy-config routes payments-v1-0.default
  $ fairlead proxy-config routes payments-v1-0.default --name 80 -o json
  $ fairlead proxy-config routes payments-v1-0.default -o wide
  $ fairlead proxy-config routes -f dump.json --verbose=false`;

/** How far istioctl sets the columns apart. */
const GAP = 5;

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
      const { routesOf } = await import("../../console/config-dump.js");
      const table = await import("../../console/route-table.js");
      const { idleRoutes } = await import("../../console/not-in-use.js");
      const dump = await readDump(context, pod, options, PATH);
      const routes = table.selectRoutes(routesOf(dump), options.name);
      sayIdle(context, idleRoutes(dump));
      if (options.output === "wide") {
        const { placesOfRoutes } = await import("./route-places.js");
        const placeOf = await placesOfRoutes(context, options, routes);
        context.stdout.write(`${columns(table.wideRouteTable(routes, placeOf), GAP).join("\n")}\n`);
        return;
      }
      await writeOutput(context, options.output, {
        table: () => (options.verbose ? table.routeTable(routes) : table.routeCounts(routes)),
        value: () => routes,
        gap: GAP,
      });
    });
}
