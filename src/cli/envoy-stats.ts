import { Command, Option } from "commander";
import { CommandError } from "./command-error.js";
import type { CommandContext } from "./context.js";
import { askAdmin } from "./envoy-admin.js";
import { findLiveProxy, type LiveOptions, withLiveProxy } from "./proxy-source.js";
import { writeValue } from "./write-output.js";

type StatsType = "server" | "clusters";
type StatsFormat = "short" | "json" | "yaml" | "prom";

interface StatsOptions extends LiveOptions {
  readonly type: StatsType;
  readonly output: StatsFormat;
}

const HELP = `
Those of the server are all that its Envoy keeps; those of clusters are by endpoint, with what is known of its health.

Examples:
  $ fairlead envoy-stats payments-v1-0.default
  $ fairlead envoy-stats payments-v1-0.default -o prom
  $ fairlead envoy-stats payments-v1-0.default --type clusters -o json`;

const PATHS: Readonly<Record<StatsType, string>> = { server: "/stats", clusters: "/clusters" };

/**
 * Where an admin interface tells them.
 * @throws CommandError when it has no such format of them
 */
function pathOf({ type, output }: StatsOptions): string {
  if (output === "short") return PATHS[type];
  if (output !== "prom") return `${PATHS[type]}?format=json`;
  if (type === "server") return `${PATHS.server}/prometheus`;
  throw new CommandError(
    "an Envoy does not tell those of clusters for Prometheus",
    "leave --type out: those of the server have counters of clusters too",
  );
}

/** `fairlead envoy-stats`. */
export function envoyStatsCommand(context: CommandContext): Command {
  return withLiveProxy(new Command("envoy-stats"), context)
    .description("the statistics of a proxy, as its Envoy tells them")
    .addOption(
      new Option("-t, --type <type>", "whose").choices(["server", "clusters"]).default("server"),
    )
    .addOption(
      new Option("-o, --output <format>", "how")
        .choices(["short", "json", "yaml", "prom"])
        .default("short"),
    )
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: StatsOptions) => {
      const path = pathOf(options);
      const { admin } = await findLiveProxy(context, pod, options);
      const text = await askAdmin(admin, path);
      await writeStats(context, options.output, text);
    });
}

async function writeStats(
  context: CommandContext,
  format: StatsFormat,
  text: string,
): Promise<void> {
  if (format === "short" || format === "prom") context.stdout.write(text);
  else await writeValue(context, format, JSON.parse(text));
}
