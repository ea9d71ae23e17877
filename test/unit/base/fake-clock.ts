import type { Clock } from "../../../src/base/clock.js";

/** A clock that stands still until it is turned. What is due is called back in order, each with its own time. */
export interface FakeClock extends Clock {
  /** Turns the clock on by so many milliseconds. */
  readonly pass: (ms: number) => void;
  /** Turns the clock on to a time, and lets what each call back began come to rest before the next. */
  readonly turnTo: (time: number) => Promise<void>;
  /** The times at which something is due. */
  readonly due: () => readonly number[];
}

/** Lets what was called back come to rest, if it waits for nothing but promises; other work is to be awaited by its effect. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

export function fakeClock(start = Date.UTC(2030, 0, 1)): FakeClock {
  let now = start;
  const waiting = new Set<{ readonly time: number; readonly callback: () => void }>();
  const at: Clock["at"] = (time, callback) => {
    const entry = { time, callback };
    waiting.add(entry);
    return () => waiting.delete(entry);
  };
  /** Calls back what is due first, if it is due by then. */
  const step = (end: number): boolean => {
    const [next] = [...waiting].sort((a, b) => a.time - b.time);
    if (next === undefined || next.time > end) return false;
    waiting.delete(next);
    now = Math.max(now, next.time);
    next.callback();
    return true;
  };
  return {
    now: () => now,
    at,
    after: (ms, callback) => at(now + ms, callback),
    pass(ms) {
      const end = now + ms;
      while (step(end));
      now = end;
    },
    async turnTo(time) {
      while (step(time)) await settle();
      now = time;
    },
    due: () => [...waiting].map(({ time }) => time).sort((a, b) => a - b),
  };
}
