import type { Timers } from "../../../src/config/timers.js";

/** Timers that pass when a test says so. */
export interface ManualTimers extends Timers {
  /** Lets time pass, and calls what is due, in order. */
  readonly pass: (ms: number) => void;
}

export function createManualTimers(): ManualTimers {
  const due = new Map<object, { readonly at: number; readonly callback: () => void }>();
  let now = 0;
  return {
    after: (ms, callback) => {
      const key = {};
      due.set(key, { at: now + ms, callback });
      return () => {
        due.delete(key);
      };
    },
    pass: (ms) => {
      const end = now + ms;
      for (;;) {
        const next = [...due]
          .filter(([, { at }]) => at <= end)
          .sort(([, a], [, b]) => a.at - b.at)[0];
        if (next === undefined) break;
        const [key, { at, callback }] = next;
        due.delete(key);
        now = at;
        callback();
      }
      now = end;
    },
  };
}
