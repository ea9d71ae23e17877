/** The time, and being called at one. Given to what waits, so that tests can turn the clock. */
export interface Timers {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back at a time, or at once when it is past; returns how to call it off. */
  readonly at: (time: number, callback: () => void) => () => void;
}

/** The longest that Node can wait in one go. */
const LONGEST_MS = 2 ** 31 - 1;

/** The computer's clock. A timer that waits does not keep the process alive. */
export const systemTimers: Timers = {
  now: () => Date.now(),
  at(time, callback) {
    let handle: NodeJS.Timeout;
    const wait = (): void => {
      const rest = time - Date.now();
      handle =
        rest > LONGEST_MS ? setTimeout(wait, LONGEST_MS) : setTimeout(callback, Math.max(0, rest));
      handle.unref();
    };
    wait();
    return () => {
      clearTimeout(handle);
    };
  },
};
