/** What an Envoy has counted of the HTTP requests that it answered as a server, and how long they took. */

/** So many requests took so long: from `from`, `width` more at most, in milliseconds. */
interface Bin {
  readonly from: number;
  readonly width: number;
  readonly count: number;
}

/** See the top of this file. */
export interface RequestStats {
  readonly answered: number;
  /** With 4xx or 5xx. */
  readonly failed: number;
  /** Of those that the Envoy has summed up, which may be fewer: it does so from time to time. */
  readonly latencies: readonly Bin[];
  /** Another number each time that it does; undefined when it keeps none. */
  readonly summedUpAt: number | undefined;
}

/** What an admin interface answers to `statsPath`. */
interface StatsJson {
  readonly stats?: readonly {
    readonly name?: string;
    readonly value?: number;
    readonly histograms?: {
      readonly details?: readonly {
        readonly name: string;
        readonly totals?: readonly {
          readonly lower_bound: number;
          readonly width: number;
          readonly count: number;
        }[];
      }[];
    };
  }[];
}

/** Which connection managers are those of a server: of a gateway its listeners, else those for the application. */
const SERVER: Readonly<Partial<Record<string, string>>> = { router: "outbound" };

/** For how long an Envoy runs: a number that it sets when it sums up, and at no other time. */
const UPTIME = "server.uptime";

/** Where the admin interface of a proxy of a type tells them. */
export function statsPath(proxyType: string): string {
  const requests = `http\\.${SERVER[proxyType] ?? "inbound"}_.*\\.downstream_rq_(completed|[45]xx|time)`;
  const filter = `^(${UPTIME.replace(".", "\\.")}|${requests})$`;
  const query = new URLSearchParams({ filter, format: "json", histogram_buckets: "detailed" });
  return `/stats?${query.toString()}`;
}

/** What the answer tells; undefined when its Envoy counts no such requests. */
export function readRequestStats(text: string): RequestStats | undefined {
  const { stats = [] } = JSON.parse(text) as StatsJson;
  const sum = (pattern: RegExp): number =>
    stats.reduce((total, { name = "", value = 0 }) => total + (pattern.test(name) ? value : 0), 0);
  if (!stats.some(({ name = "" }) => name.endsWith("_completed"))) return undefined;
  const histograms = stats.flatMap((one) => one.histograms?.details ?? []);
  const bins = histograms
    .flatMap(({ totals = [] }) => totals)
    .map(({ lower_bound: from, width, count }) => ({ from, width, count }));
  return {
    answered: sum(/_completed$/),
    failed: sum(/_[45]xx$/),
    latencies: joined(bins),
    summedUpAt: stats.find(({ name }) => name === UPTIME)?.value,
  };
}

/** Each bin once, the shortest first. */
function joined(bins: readonly Bin[]): readonly Bin[] {
  const byStart = new Map<number, Bin>();
  for (const bin of bins) {
    const count = (byStart.get(bin.from)?.count ?? 0) + bin.count;
    byStart.set(bin.from, { ...bin, count });
  }
  return [...byStart.values()].filter(({ count }) => count > 0).sort((a, b) => a.from - b.from);
}

const countIn = (latencies: readonly Bin[]): number =>
  latencies.reduce((total, { count }) => total + count, 0);

/** Whether the latencies of all that was answered are among those that are told. */
export const isSummedUp = ({ answered, latencies }: RequestStats): boolean =>
  countIn(latencies) >= answered;

/** Latencies of several proxies. */
export const joinedLatencies = (all: readonly RequestStats[]): RequestStats["latencies"] =>
  joined(all.flatMap(({ latencies }) => latencies));

/** What was counted since; all of it by an Envoy that has begun anew meanwhile. */
export function statsSince(before: RequestStats, after: RequestStats): RequestStats {
  if (after.answered < before.answered) return after;
  const earlier = before.latencies.map((bin) => ({ ...bin, count: -bin.count }));
  return {
    ...after,
    answered: after.answered - before.answered,
    failed: after.failed - before.failed,
    latencies: joined([...after.latencies, ...earlier]),
  };
}

/** How long as many of the requests took at most as a part of 1 says, in milliseconds; undefined when there are none. */
export function quantile(latencies: readonly Bin[], part: number): number | undefined {
  const wanted = part * countIn(latencies);
  let passed = 0;
  for (const { from, width, count } of latencies) {
    if (passed + count >= wanted) return from + width * ((wanted - passed) / count);
    passed += count;
  }
  return undefined;
}
