import type { Clock } from "../../base/clock.js";

/** How long nothing has to come into or go from a directory until it is taken to be as it is meant, in milliseconds. */
const SETTLE_MS = 1000;

/** What is different in a directory, in numbers of sources. */
export interface SourceCounts {
  readonly before: number;
  readonly after: number;
  /** How many of those from before are not there any more. */
  readonly gone: number;
}

/**
 * Knows whether a directory is being filled that had nothing, since copying its files takes a while, or is losing its files:
 * who deletes all of them does it one by one, and may be about to put others there.
 */
export interface Settling {
  /** Takes note of what is different. */
  readonly onChange: (counts: SourceCounts) => void;
  readonly isSettled: () => boolean;
  /** What has gone is meant to be gone. */
  readonly acceptLosses: () => void;
  readonly cancel: () => void;
}

/**
 * A directory is settled until it gets its first source, or loses several in one look without getting any: one that goes alone
 * is meant to, and where others come something is moved. `onSettled` is called when it is settled again.
 */
export function createSettling(clock: Clock, onSettled: () => void): Settling {
  let isFilling = false;
  let cancelWait: (() => void) | undefined;
  const cancel = (): void => {
    cancelWait?.();
    cancelWait = undefined;
  };
  return {
    onChange: ({ before, after, gone }) => {
      const come = after - before + gone;
      if (come + gone === 0) return;
      if (before === 0) isFilling = true;
      else if (cancelWait === undefined) {
        isFilling = false;
        if (gone < 2 || come > 0) return;
      }
      cancel();
      if (after === 0) return;
      cancelWait = clock.after(SETTLE_MS, () => {
        cancelWait = undefined;
        onSettled();
      });
    },
    isSettled: () => cancelWait === undefined,
    acceptLosses: () => {
      if (!isFilling) cancel();
    },
    cancel,
  };
}
