/** An independent reading of Istio's documentation, and where it is silent of its code: what a proxy tells of requests. */
import { appliedTo } from "./applied.js";
import { logsOf } from "./logs.js";
import { CONNECTION_METRICS, metricsOf, REQUEST_METRICS } from "./metrics.js";
import type { Side, Teller, World } from "./objects.js";
import { tracingOf } from "./tracing.js";

/** What is told of the requests, or of the connections, of one side. */
export type Told = Readonly<Record<"logs" | "metrics" | "tracing", unknown>>;

export type What = "requests" | "connections";

export function model(world: World, teller: Teller, side: Side, what: What): Told {
  const specs = appliedTo(world, teller);
  const { meshConfig } = world;
  const names = what === "requests" ? REQUEST_METRICS : CONNECTION_METRICS;
  return {
    logs: logsOf(specs, side, meshConfig),
    metrics: metricsOf(specs, side, meshConfig, names),
    tracing: what === "requests" ? tracingOf(specs, side, meshConfig, teller) : undefined,
  };
}
