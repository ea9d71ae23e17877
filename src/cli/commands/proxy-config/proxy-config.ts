import { Command } from "commander";
import type { CommandContext } from "../../context.js";
import { allCommand } from "./all.js";
import { bootstrapConfigCommand } from "./bootstrap.js";
import { clustersCommand } from "./clusters.js";
import { ecdsCommand } from "./ecds.js";
import { edsCommand, endpointsCommand } from "./endpoints.js";
import { listenersCommand } from "./listeners.js";
import { logCommand } from "./log.js";
import { rootcaCompareCommand } from "./rootca-compare.js";
import { routesCommand } from "./routes.js";
import { secretCommand } from "./secret.js";

const HELP = `
What a proxy holds is read from the admin interface of its Envoy, or from a saved answer of it:
  curl 'http://127.0.0.1:15000/config_dump?include_eds' > dump.json

Examples:
  $ fairlead proxy-config clusters payments-v1-0.default
  $ fairlead pc routes -f dump.json`;

/** `fairlead proxy-config`: what a proxy holds, part by part. */
export function proxyConfigCommand(context: CommandContext): Command {
  return new Command("proxy-config")
    .alias("pc")
    .description("show what a proxy holds")
    .addCommand(allCommand(context))
    .addCommand(bootstrapConfigCommand(context))
    .addCommand(clustersCommand(context))
    .addCommand(ecdsCommand(context))
    .addCommand(edsCommand(context))
    .addCommand(endpointsCommand(context))
    .addCommand(listenersCommand(context))
    .addCommand(logCommand(context))
    .addCommand(rootcaCompareCommand(context))
    .addCommand(routesCommand(context))
    .addCommand(secretCommand(context))
    .addHelpText("after", HELP);
}
