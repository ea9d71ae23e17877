/** The time, and being called at one. Given to what waits, so that tests can turn the clock. */
export interface Timers {
  /** Milliseconds since 1970, by the clock that these go by. */
  readonly now: () => number;
  /** Calls back at a time, or at once when it is past; returns how to call it off. */
  readonly at: (time: number, callback: () => void) => () => void;
}

/**
 * After so long it is looked at the clock again: what waits does not know of a machine that slept, as laptops do overnight, and
 * whose certificates have ended meanwhile. (Node could not wait for more than 24 days in one go either.)
 */
const LOOK_MS = 60_000;

/** A timer that waits does not keep the process alive. */
const timersBy = (now: () => number): Timers => ({
  now,
  at(time, callback) {
    let handle: NodeJS.Timeout;
    const wait = (): void => {
      const rest = time - now();
      handle = rest > LOOK_MS ? setTimeout(wait, LOOK_MS) : setTimeout(callback, Math.max(0, rest));
      handle.unref();
    };
    wait();
    return () => {
      clearTimeout(handle);
    };
  },
});

/** The computer's clock: for what begins or ends at a time of the day, such as certificates. */
export const systemTimers: Timers = timersBy(() => Date.now());

/**
 * A clock that nobody sets: for how long something takes, or is to be waited for. Its time is since 1970 as far as the
 * computer's clock was right when this process began.
 */
export const steadyTimers: Timers = timersBy(() => performance.timeOrigin + performance.now());
