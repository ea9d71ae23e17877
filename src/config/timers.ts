/** Timers, so that tests need not wait. */
export interface Timers {
  /** Calls `callback` once after `ms` milliseconds, unless the function that is returned is called before. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/** The timers of the process. They keep it running. */
export const SYSTEM_TIMERS: Timers = {
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
