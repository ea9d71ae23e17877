import type { Timers } from "../../../src/ca/timers.js";

/** A clock that stands still until it is turned. */
export interface FakeTimers extends Timers {
  /** Turns the clock on to a time and calls back what is due on the way, in order, each with its own time. */
  readonly turnTo: (time: number) => Promise<void>;
  /** The times at which something is due. */
  readonly due: () => readonly number[];
}

/** Lets what was called back come to rest, if it waits for nothing but promises; other work is to be awaited by its effect. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

export function fakeTimers(start = Date.UTC(2030, 0, 1)): FakeTimers {
  let now = start;
  const waiting = new Set<{ readonly time: number; readonly callback: () => void }>();
  return {
    now: () => now,
    at(time, callback) {
      const entry = { time, callback };
      waiting.add(entry);
      return () => waiting.delete(entry);
    },
    async turnTo(time) {
      for (;;) {
        const [next] = [...waiting].sort((a, b) => a.time - b.time);
        if (next === undefined || next.time > time) break;
        waiting.delete(next);
        now = Math.max(now, next.time);
        next.callback();
        await settle();
      }
      now = time;
    },
    due: () => [...waiting].map(({ time }) => time).sort((a, b) => a - b),
  };
}
