/** Time, so that tests can make it pass. */
export interface Clock {
  /** Milliseconds; does not go backwards. */
  now(): number;
  /** Calls once after so many milliseconds; the result calls it off. */
  after(ms: number, call: () => void): () => void;
}

/** The time of this machine, in milliseconds since 1970. Its timers do not keep the process alive. */
export function systemClock(): Clock {
  // Asked several times for each response, and to ask for the origin takes longer than for the time since.
  const { timeOrigin } = performance;
  return {
    now: () => timeOrigin + performance.now(),
    after(ms, call) {
      const timer = setTimeout(call, ms).unref();
      return () => {
        clearTimeout(timer);
      };
    },
  };
}
