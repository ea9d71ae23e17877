import type { Timers } from "../timers.js";

/** How long a debounce waits, in milliseconds. */
export interface Waits {
  /** How long nothing has to happen. */
  readonly quietMs: number;
  /** How long it may go on until it is enough. */
  readonly mostMs: number;
}

/** Something that is done once after much has happened. */
export interface Debounce {
  /** Says that something happened. */
  readonly poke: () => void;
  /** Something has happened, and it is not done yet. */
  readonly isWaiting: () => boolean;
  /** Forgets what happened. */
  readonly cancel: () => void;
}

/** Calls `run` when nothing has happened for a while, or when things have gone on happening for long enough. */
export function createDebounce(
  { quietMs, mostMs }: Waits,
  timers: Timers,
  run: () => void,
): Debounce {
  let cancelQuiet: (() => void) | undefined;
  let cancelMost: (() => void) | undefined;
  const cancel = (): void => {
    cancelQuiet?.();
    cancelMost?.();
    cancelQuiet = undefined;
    cancelMost = undefined;
  };
  const fire = (): void => {
    cancel();
    run();
  };
  return {
    poke: () => {
      cancelQuiet?.();
      cancelQuiet = timers.after(quietMs, fire);
      cancelMost ??= timers.after(mostMs, fire);
    },
    isWaiting: () => cancelMost !== undefined,
    cancel,
  };
}
