import { Command, Option } from "commander";
import { formatHostPort } from "../../base/text/host-port.js";
import { visiblePage } from "../../base/text/visible-text.js";
import { CommandError } from "../command-error.js";
import { AdminError, askAdmin } from "../connection/envoy-admin.js";
import {
  findLiveProxy,
  type LiveOptions,
  type LiveProxy,
  withLiveProxy,
} from "../connection/proxy-source.js";
import type { CommandContext } from "../context.js";
import { formatOption } from "../options/format-option.js";
import { writeValue } from "../output/write-output.js";

type StatsType = "server" | "clusters";
type StatsFormat = "short" | "json" | "yaml" | "prom" | "prom-merged";

interface StatsOptions extends LiveOptions {
  readonly type: StatsType;
  readonly output: StatsFormat;
}

const HELP = `
--type server shows all statistics that Envoy keeps, --type clusters those of each endpoint, with its health. -o prom is the format
for Prometheus, with Istio's metrics; -o prom-merged adds the application's, where an agent of Istio's merges them.

Examples:
  $ fairlead envoy-stats payments-v1-0.default
  $ fairlead envoy-stats payments-v1-0.default -o prom
  $ fairlead envoy-stats payments-v1-0.default --type clusters -o json`;

const PATHS: Readonly<Record<StatsType, string>> = { server: "/stats", clusters: "/clusters" };

/** The port at which an agent of Istio's has the statistics of its proxy and its application. */
const AGENT_PORT = 15020;

const isForPrometheus = (output: StatsFormat): boolean =>
  output === "prom" || output === "prom-merged";

/**
 * The path at which an admin interface has the statistics.
 * @throws CommandError when it has none of that type in that format
 */
function pathOf({ type, output }: StatsOptions): string {
  if (output === "short") return PATHS[type];
  if (!isForPrometheus(output)) return `${PATHS[type]}?format=json`;
  if (type === "server") return `${PATHS.server}/prometheus`;
  throw new CommandError(
    "Envoy has no statistics of clusters in the format for Prometheus",
    "leave --type out: the server's statistics have counters of its clusters too",
  );
}

/** `fairlead envoy-stats`. */
export function envoyStatsCommand(context: CommandContext): Command {
  return withLiveProxy(new Command("envoy-stats"), context)
    .description("show the statistics of a proxy's Envoy")
    .addOption(
      new Option("-t, --type <type>", "which statistics")
        .choices(["server", "clusters"])
        .default("server"),
    )
    .addOption(formatOption("short", "json", "yaml", "prom", "prom-merged"))
    .addHelpText("after", HELP)
    .action(async (pod: string | undefined, options: StatsOptions) => {
      const path = pathOf(options);
      const proxy = await findLiveProxy(context, pod, options);
      const text =
        options.output === "prom-merged"
          ? await askAgent(proxy, path)
          : await askAdmin(proxy.admin, path);
      await writeStats(context, options.output, text);
    });
}

/**
 * What the agent of a proxy answers.
 * @throws CommandError when there is none
 */
async function askAgent({ id, admin }: LiveProxy, path: string): Promise<string> {
  const agent = { host: admin.host, port: AGENT_PORT };
  try {
    return await askAdmin(agent, path);
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    throw new CommandError(
      `the statistics of ${id} and of its application cannot be had together: no agent answers at ${formatHostPort(agent)}`,
      "a stock Envoy has no agent: -o prom shows its own statistics, with Istio's metrics among them",
    );
  }
}

async function writeStats(
  context: CommandContext,
  format: StatsFormat,
  text: string,
): Promise<void> {
  if (format === "json" || format === "yaml") {
    await writeValue(context, format, JSON.parse(text));
  } else {
    context.stdout.write(visiblePage(text));
  }
}
