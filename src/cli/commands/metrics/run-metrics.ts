import { setTimeout as sleep } from "node:timers/promises";
import { visibleLines } from "../../../base/text/visible-text.js";
import {
  metricsTable,
  metricsValue,
  type WorkloadMetrics,
} from "../../../console/metrics-table.js";
import { CommandExit, INTERRUPTED } from "../../command-error.js";
import { askControlPlane } from "../../connection/connect.js";
import {
  type ConnectedProxy,
  connectedWorkload,
  type NamedProxyOptions,
} from "../../connection/connected-proxies.js";
import type { ConnectionOptions } from "../../connection/connection-options.js";
import { liveProxy } from "../../connection/proxy-source.js";
import type { CommandContext } from "../../context.js";
import { writeValue } from "../../output/write-output.js";
import { beginCounting, type CountedProxy } from "./request-counting.js";

/** The options of `fairlead metrics`. */
export interface MetricsOptions extends ConnectionOptions, NamedProxyOptions {
  /** In milliseconds. */
  readonly duration: number;
  readonly output: "table" | "json" | "yaml";
}

/** A workload, and the proxies of its pods. */
interface CountedWorkload {
  readonly workload: string;
  readonly proxies: readonly CountedProxy[];
}

/**
 * Counts what workloads answer in some time, and prints it.
 * @throws CommandError when a workload has no proxy, or one of them cannot be asked
 */
export async function runMetrics(
  context: CommandContext,
  names: readonly string[],
  options: MetricsOptions,
): Promise<void> {
  const workloads = await findWorkloads(context, names, options);
  const metrics = await count(context, workloads, options.duration).catch((error: unknown) => {
    throw context.stop.aborted ? new CommandExit(INTERRUPTED) : error;
  });
  if (options.output === "table") {
    context.stdout.write(visibleLines(metricsTable(metrics)));
  } else {
    await writeValue(context, options.output, metrics.map(metricsValue));
  }
}

async function findWorkloads(
  context: CommandContext,
  names: readonly string[],
  options: MetricsOptions,
): Promise<readonly CountedWorkload[]> {
  const found = await askControlPlane(context, options, (client) =>
    Promise.all(
      names.map(async (workload) => ({
        workload,
        proxies: await connectedWorkload(client, workload, options),
      })),
    ),
  );
  return Promise.all(
    found.map(async ({ workload, proxies }) => ({
      workload,
      proxies: await Promise.all(proxies.map(reached)),
    })),
  );
}

const NO_STATISTICS =
  "has no statistics of HTTP requests: it serves none, or keeps others alone (proxyStatsMatcher)";

const reached = async (proxy: ConnectedProxy): Promise<CountedProxy> => ({
  ...(await liveProxy(proxy)),
  type: proxy.type,
});

async function count(
  { stderr, stop }: CommandContext,
  workloads: readonly CountedWorkload[],
  ms: number,
): Promise<readonly WorkloadMetrics[]> {
  const begun = await Promise.all(
    workloads.map(({ proxies }) => Promise.all(proxies.map((proxy) => beginCounting(proxy, stop)))),
  );
  stderr.write(`counting for ${ms / 1000} s\n`);
  await sleep(ms, undefined, { signal: stop });
  const ended = await Promise.all(begun.map((ends) => Promise.all(ends.map((end) => end()))));
  return workloads.map(({ workload, proxies }, at) => {
    const each = ended[at] ?? [];
    for (const { id } of proxies.filter((_proxy, one) => each[one] === undefined)) {
      stderr.write(visibleLines([`note: ${id} ${NO_STATISTICS}`]));
    }
    const counted = each.filter((one) => one !== undefined);
    // Of some of them alone it would be too few.
    const isWhole = counted.length === proxies.length;
    return { workload, proxies: proxies.length, counted: isWhole ? counted : undefined };
  });
}
