/**
 * What callers can make the control plane say: a caller who is refused can call again at once, and the log must not grow with
 * its zeal.
 */
import { createBuckets } from "../../ca/buckets.js";

/** Says one thing, with its fields, as often as it may be said. */
export type LimitedLog = (key: string, fields: Readonly<Record<string, unknown>>) => void;

/** Where lines go, and how many. */
export interface LimitedLogOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly write: (fields: Readonly<Record<string, unknown>>) => void;
  /** How many lines of a key in a row are written; 100 when absent. */
  readonly capacity?: number;
  /** How many more each second; 1 when absent. */
  readonly refillPerSecond?: number;
  /** How many keys are told apart, those of the latest; 1,000 when absent. */
  readonly maxKeys?: number;
}

/** A log whose next line of a key says in `omitted` how many before it were not written, when any were not. */
export function createLimitedLog(options: LimitedLogOptions): LimitedLog {
  const { now, write, capacity = 100, refillPerSecond = 1, maxKeys = 1000 } = options;
  const buckets = createBuckets({ now, capacity, refillPerSecond, maxKeys });
  const omitted = new Map<string, number>();
  return (key, fields) => {
    const before = omitted.get(key) ?? 0;
    if (!buckets.has(key)) {
      if (before > 0 || omitted.size < maxKeys) omitted.set(key, before + 1);
      return;
    }
    buckets.take(key);
    omitted.delete(key);
    write(before === 0 ? fields : { ...fields, omitted: before });
  };
}
