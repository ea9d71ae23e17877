/** Counts what the proxies of a fleet received, and the streams that ended by themselves. */

/** What was received so far. */
export interface Received {
  readonly responses: number;
  /** Bytes by type URL. */
  readonly bytes: ReadonlyMap<string, number>;
}

/** Streams that ended before they were closed. */
export interface Failures {
  readonly count: number;
  /** Why the first of them did. */
  readonly first: string | undefined;
}

/** See the top of this file. */
export interface Tally {
  readonly response: (typeUrl: string, bytes: number) => void;
  readonly failure: (error: Error) => void;
  readonly received: () => Received;
  readonly failures: () => Failures;
}

/** Nothing was counted yet. */
export function createTally(): Tally {
  const bytesByType = new Map<string, number>();
  let responses = 0;
  let failed = 0;
  let first: string | undefined;
  return {
    response(typeUrl, bytes) {
      responses += 1;
      bytesByType.set(typeUrl, (bytesByType.get(typeUrl) ?? 0) + bytes);
    },
    failure(error) {
      failed += 1;
      first ??= error.message;
    },
    received: () => ({ responses, bytes: bytesByType }),
    failures: () => ({ count: failed, first }),
  };
}
