import type { Clock } from "../../base/clock.js";

/** Has something forgotten that nobody uses any more. */
export interface Forgetting {
  /** There may be some: it is looked for some time later, once for all who said so until then. */
  readonly soon: () => void;
}

/** To find out what is used costs each proxy a little: it is done no more often than after so many milliseconds. */
const PAUSE_MS = 15_000;

/** Nothing is to be forgotten yet. */
export function createForgetting(clock: Clock, forget: () => void): Forgetting {
  let isDue = false;
  return {
    soon: () => {
      if (isDue) return;
      isDue = true;
      clock.after(PAUSE_MS, () => {
        isDue = false;
        forget();
      });
    },
  };
}
