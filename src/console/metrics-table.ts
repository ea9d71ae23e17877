/** `experimental metrics`: what the proxies of workloads counted. */
import { joinedLatencies, quantile, type RequestStats } from "./request-stats.js";

/** What a proxy counted in some time. */
export interface CountedRequests {
  readonly seconds: number;
  readonly stats: RequestStats;
}

/** What the proxies of a workload counted. */
export interface WorkloadMetrics {
  /** As it was asked for. */
  readonly workload: string;
  /** How many proxies it has. */
  readonly proxies: number;
  /** Of each of them; undefined when they count no requests. */
  readonly counted: readonly CountedRequests[] | undefined;
}

/** How wide istioctl has these columns, whose cells stand at their right ends. */
const WORKLOAD_WIDTH = 40;
const WIDTH = 13;

const HEADING = ["WORKLOAD", "TOTAL RPS", "ERROR RPS", "P50 LATENCY", "P90 LATENCY", "P99 LATENCY"];

const PARTS = { p50: 0.5, p90: 0.9, p99: 0.99 } as const;

/** Requests and errors a second, and how long most requests took. */
export function metricsTable(all: readonly WorkloadMetrics[]): readonly string[] {
  return [HEADING, ...all.map(rowOf)].map(([workload = "", ...cells]) =>
    [workload.padStart(WORKLOAD_WIDTH), ...cells.map((cell) => cell.padStart(WIDTH))].join(""),
  );
}

function rowOf(metrics: WorkloadMetrics): readonly string[] {
  const { workload, totalRps, errorRps, latenciesMs } = metricsValue(metrics);
  const rates = [totalRps, errorRps].map((rate) => (rate === null ? "-" : rate.toFixed(3)));
  return [workload, ...rates, ...Object.values(latenciesMs).map(formatLatency)];
}

/** As Go writes a duration: `0s`, `25ms`, `1.25s`. */
function formatLatency(ms: number | null): string {
  if (ms === null) return "-";
  const whole = Math.floor(ms);
  return whole > 0 && whole < 1000 ? `${whole}ms` : `${whole / 1000}s`;
}

/** The same for programs; null is what is not known. */
export interface MetricsValue extends Pick<WorkloadMetrics, "workload" | "proxies"> {
  readonly requests: number | null;
  readonly errors: number | null;
  readonly totalRps: number | null;
  readonly errorRps: number | null;
  readonly latenciesMs: Readonly<Record<keyof typeof PARTS, number | null>>;
}

/** See `MetricsValue`. */
export function metricsValue({ workload, proxies, counted }: WorkloadMetrics): MetricsValue {
  const latencies = joinedLatencies((counted ?? []).map(({ stats }) => stats));
  const latency = (part: number): number | null => {
    const ms = quantile(latencies, part);
    return ms === undefined ? null : rounded(ms);
  };
  const sum = (of: (one: CountedRequests) => number): number | null =>
    counted === undefined ? null : rounded(counted.reduce((total, one) => total + of(one), 0));
  return {
    ...{ workload, proxies },
    requests: sum(({ stats }) => stats.answered),
    errors: sum(({ stats }) => stats.failed),
    totalRps: sum(({ stats, seconds }) => stats.answered / seconds),
    errorRps: sum(({ stats, seconds }) => stats.failed / seconds),
    latenciesMs: { p50: latency(PARTS.p50), p90: latency(PARTS.p90), p99: latency(PARTS.p99) },
  };
}

/** To a thousandth: more is noise. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;
