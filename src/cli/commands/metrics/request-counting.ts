/** Counts what a proxy answers from one moment to another, by its Envoy's own statistics. */
import { setTimeout as sleep } from "node:timers/promises";
import type { CountedRequests } from "../../../console/metrics-table.js";
import {
  isSummedUp,
  type RequestStats,
  readRequestStats,
  statsPath,
  statsSince,
} from "../../../console/request-stats.js";
import type { ConnectedProxy } from "../../connection/connected-proxies.js";
import { askAdmin } from "../../connection/envoy-admin.js";
import type { LiveProxy } from "../../connection/proxy-source.js";

/** A proxy whose requests can be counted. */
export type CountedProxy = LiveProxy & Pick<ConnectedProxy, "type">;

/** What it had counted at some time; undefined when it counts no requests. */
interface Sample {
  readonly at: number;
  readonly stats: RequestStats | undefined;
}

const POLL_MS = 200;
/** Twice as long as an Envoy takes until it sums up latencies, unless its bootstrap says otherwise. */
const PATIENCE_MS = 10_000;

/**
 * Begins when the latencies of all requests before are summed up, so that they are not taken for later ones. The result ends it,
 * and waits for those of the requests that were counted.
 */
export async function beginCounting(
  proxy: CountedProxy,
  stop: AbortSignal,
): Promise<() => Promise<CountedRequests | undefined>> {
  const before = await summedUp(proxy, stop);
  return async () => {
    const { at, stats } = await sample(proxy);
    const summed = await summedUp(proxy, stop);
    if (before.stats === undefined || stats === undefined || summed.stats === undefined) {
      return undefined;
    }
    const { latencies } = statsSince(before.stats, summed.stats);
    return {
      seconds: (at - before.at) / 1000,
      stats: { ...statsSince(before.stats, stats), latencies },
    };
  };
}

async function sample({ admin, type }: CountedProxy): Promise<Sample> {
  const stats = readRequestStats(await askAdmin(admin, statsPath(type)));
  return { at: performance.now(), stats };
}

/** How it is once it has summed up the latencies of what it has answered so far. */
async function summedUp(proxy: CountedProxy, stop: AbortSignal): Promise<Sample> {
  const first = await sample(proxy);
  if (first.stats === undefined || isSummedUp(first.stats)) return first;
  const { summedUpAt } = first.stats;
  let latest = first;
  while (latest.stats?.summedUpAt === summedUpAt && latest.at < first.at + PATIENCE_MS) {
    // Looked at, not listened to: there may be hundreds of proxies.
    stop.throwIfAborted();
    await sleep(POLL_MS);
    latest = await sample(proxy);
  }
  return latest;
}
