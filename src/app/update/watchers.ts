import { steadyClock, systemClock } from "../../base/clock.js";
import { createRecentEvents, type RecentEvents } from "../../debug/recent/recent-events.js";
import { createRecentPushes, type RecentPushes } from "../../debug/recent/recent-pushes.js";
import { createListeners, type Listeners } from "../listeners.js";
import { createMetrics, type MeasuredState, type Metrics } from "../metrics/metrics.js";
import { type Convergence, createConvergence } from "./convergence.js";
import type { Settled } from "./followed-update.js";
import type { Update } from "./update.js";

/** Who is told of what happens. */
export interface Watchers {
  readonly updates: Listeners<Update>;
  readonly settled: Listeners<Settled>;
  readonly metrics: Metrics;
  readonly convergence: Convergence;
  readonly events: RecentEvents;
  readonly pushes: RecentPushes;
}

/** Nothing has happened yet. */
export function createWatchers(measured: MeasuredState): Watchers {
  const settled = createListeners<Settled>();
  return {
    updates: createListeners<Update>(),
    settled,
    metrics: createMetrics(measured),
    convergence: createConvergence({ clock: steadyClock, onSettled: settled.tell }),
    events: createRecentEvents({ now: systemClock.now }),
    pushes: createRecentPushes({ now: systemClock.now, steady: steadyClock.now }),
  };
}
