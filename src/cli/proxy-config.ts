import { Command } from "commander";
import type { CommandContext } from "./context.js";
import { allCommand } from "./proxy-config/all.js";
import { bootstrapConfigCommand } from "./proxy-config/bootstrap.js";
import { clustersCommand } from "./proxy-config/clusters.js";
import { ecdsCommand } from "./proxy-config/ecds.js";
import { edsCommand, endpointsCommand } from "./proxy-config/endpoints.js";
import { listenersCommand } from "./proxy-config/listeners.js";
import { logCommand } from "./proxy-config/log.js";
import { rootcaCompareCommand } from "./proxy-config/rootca-compare.js";
import { routesCommand } from "./proxy-config/routes.js";
import { secretCommand } from "./proxy-config/secret.js";

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
