/** The time, and being called when some of it has passed. Given to what waits, so that tests can turn the clock. */
export interface Clock {
  /** Milliseconds since 1970, by this clock. */
  readonly now: () => number;
  /**
   * Calls back at a time, or at once when it is past; returns how to call it off. Given since when what waits counts, also within
   * a minute once it is earlier than that again, as by a clock that was set back.
   */
  readonly at: (time: number, callback: () => void, since?: number) => () => void;
  /** Calls back in so many milliseconds; returns how to call it off. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/**
 * After so long it is looked at the clock again: what waits does not know of a machine that slept, as laptops do overnight, and
 * whose certificates have ended meanwhile. (Node could not wait for more than 24 days in one go either.)
 */
const LOOK_MS = 60_000;

/** What waits does not keep the process alive. */
function clockBy(now: () => number): Clock {
  const at: Clock["at"] = (time, callback, since = -Infinity) => {
    let handle: NodeJS.Timeout;
    const wait = (): void => {
      const current = now();
      const rest = current < since ? 0 : time - current;
      handle = rest > LOOK_MS ? setTimeout(wait, LOOK_MS) : setTimeout(callback, Math.max(0, rest));
      handle.unref();
    };
    wait();
    return () => {
      clearTimeout(handle);
    };
  };
  return {
    now,
    at,
    after(ms, callback) {
      if (ms > LOOK_MS) return at(now() + ms, callback);
      const handle = setTimeout(callback, ms).unref();
      return () => {
        clearTimeout(handle);
      };
    },
  };
}

/** The computer's clock: for what begins or ends at a time of the day, such as certificates. */
export const systemClock: Clock = clockBy(() => Date.now());

/** Streams ask for the time several times for each response, and to ask for the origin takes longer than for the time since. */
const { timeOrigin } = performance;

/**
 * A clock that nobody sets: for how long something takes, or is to be waited for. It does not go backwards. Its time is since
 * 1970 as far as the computer's clock was right when this process began.
 */
export const steadyClock: Clock = clockBy(() => timeOrigin + performance.now());
