/** Time, so that tests can make it pass. */
export interface Clock {
  /** Milliseconds; does not go backwards. */
  now(): number;
  /** Calls once after so many milliseconds; the result calls it off. */
  after(ms: number, call: () => void): () => void;
}

/** The time of this machine, in milliseconds since 1970. Its timers do not keep the process alive. */
export function systemClock(): Clock {
  return {
    now: () => performance.timeOrigin + performance.now(),
    after(ms, call) {
      const timer = setTimeout(call, ms).unref();
      return () => {
        clearTimeout(timer);
      };
    },
  };
}
