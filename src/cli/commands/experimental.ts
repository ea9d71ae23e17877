import { Command } from "commander";
import type { CommandContext } from "../context.js";
import { authzCommand } from "./authz.js";
import { checkInjectCommand } from "./check-inject/check-inject.js";
import { describeCommand } from "./describe.js";
import { envoyStatsCommand } from "./envoy-stats.js";
import { internalDebugCommand } from "./internal-debug/internal-debug.js";
import { metricsCommand } from "./metrics/metrics.js";
import { proxyStatusCommand } from "./proxy-status/proxy-status.js";
import { versionCommand } from "./version/version.js";
import { waitCommand } from "./wait/wait.js";

/** `fairlead experimental`, in short `x`: where istioctl has these commands, and where people look for them. */
export function experimentalCommand(context: CommandContext): Command {
  return new Command("experimental")
    .alias("x")
    .description("commands that istioctl has under x: here they are the same as without it")
    .addCommand(authzCommand(context))
    .addCommand(checkInjectCommand(context))
    .addCommand(describeCommand(context))
    .addCommand(envoyStatsCommand(context))
    .addCommand(internalDebugCommand(context))
    .addCommand(metricsCommand(context))
    .addCommand(proxyStatusCommand(context))
    .addCommand(versionCommand(context))
    .addCommand(waitCommand(context))
    .addHelpText("after", "\nExample:\n  $ fairlead x authz check payments-v1-0.default");
}
