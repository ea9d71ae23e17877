import type { Timers } from "../ca/timers.js";

/** How long work is done, and who is told when it fails. */
export interface TurnOptions {
  readonly timers: Timers;
  readonly onError: (error: unknown) => void;
}

/**
 * Others have as many milliseconds between two steps. A turn of the event loop would not do: until a new connection asks for
 * something it needs several, and would wait for a step in each of them.
 */
const PAUSE_MS = 5;

/** Takes the steps of long work one by one, and lets others have their turn before each of them; the result ends it. */
export function inTurns(steps: Iterable<void>, { timers, onError }: TurnOptions): () => void {
  const rest = steps[Symbol.iterator]();
  const pause = (): (() => void) => timers.at(timers.now() + PAUSE_MS, step);
  let cancel = pause();
  function step(): void {
    try {
      if (rest.next().done !== true) cancel = pause();
    } catch (error) {
      onError(error);
    }
  }
  return () => {
    cancel();
  };
}
