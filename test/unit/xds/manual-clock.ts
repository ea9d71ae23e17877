import type { Clock } from "../../../src/xds/clock.js";

/** A clock whose time passes when the test says so. */
export function manualClock(): Clock & { pass(ms: number): void } {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly call: () => void }>();
  return {
    now: () => now,
    after(ms, call) {
      const timer = { at: now + ms, call };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pass(ms) {
      now += ms;
      for (const timer of [...timers]) {
        if (timer.at > now || !timers.delete(timer)) continue;
        timer.call();
      }
    },
  };
}
