import type { Timers } from "../timers.js";

/** How long nothing has to happen in a directory that had nothing until it is taken to have all, in milliseconds. */
const SETTLE_MS = 1000;

/** Knows whether a directory that had nothing is still being filled: copying its files takes a while. */
export interface Settling {
  /** Takes note that the directory has another number of sources, or others. */
  readonly onChange: (countBefore: number, count: number) => void;
  readonly isSettled: () => boolean;
  readonly cancel: () => void;
}

/** A directory is settled until it gets its first source; `onSettled` is called when it is settled again. */
export function createSettling(timers: Timers, onSettled: () => void): Settling {
  let cancelWait: (() => void) | undefined;
  const cancel = (): void => {
    cancelWait?.();
    cancelWait = undefined;
  };
  return {
    onChange: (countBefore, count) => {
      const isFilling = countBefore === 0 || cancelWait !== undefined;
      cancel();
      if (!isFilling || count === 0) return;
      cancelWait = timers.after(SETTLE_MS, () => {
        cancelWait = undefined;
        onSettled();
      });
    },
    isSettled: () => cancelWait === undefined,
    cancel,
  };
}
