import { performance } from "node:perf_hooks";
import type { Clock } from "../clock.js";

/** How long work is done, and who is told when it fails. */
export interface IdleOptions {
  readonly clock: Clock;
  /** For how many milliseconds the process had nothing to do so far: see `idleMs`. */
  readonly idleMs: () => number;
  readonly onError: (error: unknown) => void;
}

/** For how many milliseconds this process has waited for something to do, since it began. */
export const idleMs = (): number => performance.eventLoopUtilization().idle;

/**
 * A step is taken when the process had nothing to do for most of so many milliseconds. A turn of the event loop, or a fixed
 * pause, would not do: until a new connection has its first answer it needs many turns, and would wait for a step in each of
 * them.
 */
const QUIET_MS = 20;
const MOST_OF_IT = 0.75;

/** When it is never quiet, a step is taken after so many milliseconds. */
const MOST_MS = 1000;

/** Long work of which a step is taken now and then. */
export interface IdleWork {
  /** Whether no step is left: all are taken, or one failed. */
  readonly isOver: () => boolean;
  /** No further step is taken. */
  readonly close: () => void;
}

/** Takes the steps of long work one by one, when nobody else has something to do. */
export function whenIdle(
  steps: Iterable<void>,
  { clock, idleMs: idle, onError }: IdleOptions,
): IdleWork {
  const rest = steps[Symbol.iterator]();
  let isOver = false;
  let cancel = pause();
  return {
    isOver: () => isOver,
    close: () => {
      cancel();
    },
  };

  function pause(): () => void {
    const most = clock.now() + MOST_MS;
    const wait = (): (() => void) => {
      const before = idle();
      return clock.after(QUIET_MS, () => {
        const isQuiet = idle() - before >= QUIET_MS * MOST_OF_IT;
        if (isQuiet || clock.now() >= most) step();
        else cancel = wait();
      });
    };
    return wait();
  }

  function step(): void {
    try {
      isOver = rest.next().done === true;
    } catch (error) {
      isOver = true;
      onError(error);
    }
    if (!isOver) cancel = pause();
  }
}
