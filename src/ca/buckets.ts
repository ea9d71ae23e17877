/** How often something may be done: a bucket for each key, filled again as time passes. */

/** See the top of this file. */
export interface Buckets {
  /** Whether the bucket of a key has one left. */
  has(key: string): boolean;
  /** Takes one from the bucket of a key, if there is one left. */
  take(key: string): void;
}

/** How large the buckets are. */
export interface BucketOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How many a full bucket has. */
  readonly capacity: number;
  /** How many more each second, until it is full. */
  readonly refillPerSecond: number;
  /** Of how many keys it is remembered that something was taken, those of the latest. */
  readonly maxKeys: number;
}

interface Bucket {
  readonly left: number;
  readonly at: number;
}

/** Buckets that are all full. */
export function createBuckets(options: BucketOptions): Buckets {
  const { now, capacity, refillPerSecond, maxKeys } = options;
  // In the order in which something was last taken, the oldest first.
  const buckets = new Map<string, Bucket>();
  const leftOf = (key: string): number => {
    const bucket = buckets.get(key);
    if (bucket === undefined) return capacity;
    const seconds = (now() - bucket.at) / 1000;
    // A clock that was set back does not say how long ago it was, and nobody is to wait until it is there again.
    return seconds < 0 ? capacity : Math.min(capacity, bucket.left + seconds * refillPerSecond);
  };
  return {
    has: (key) => leftOf(key) >= 1,
    take: (key) => {
      const bucket = { left: Math.max(0, leftOf(key) - 1), at: now() };
      buckets.delete(key);
      buckets.set(key, bucket);
      const oldest = buckets.keys().next();
      if (buckets.size > maxKeys && oldest.done !== true) buckets.delete(oldest.value);
    },
  };
}
