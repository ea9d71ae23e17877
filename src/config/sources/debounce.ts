import type { Clock } from "../../base/clock.js";

/** How long a debounce waits, in milliseconds. */
export interface Waits {
  /** How long nothing has to happen. */
  readonly quietMs: number;
  /** How long nothing else has to happen after one thing that is complete. */
  readonly aloneMs: number;
  /** How long it may go on until it is enough. */
  readonly mostMs: number;
}

/** Something that is done once after much has happened. */
export interface Debounce {
  /** Says that something happened; by a name if it is complete, and all that happened to what has this name. */
  readonly poke: (complete?: string) => void;
  /** Something has happened, and it is not done yet. */
  readonly isWaiting: () => boolean;
  /** Forgets what happened. */
  readonly cancel: () => void;
}

/** Calls `run` when nothing has happened for a while, or when things have gone on happening for long enough. */
export function createDebounce(
  { quietMs, aloneMs, mostMs }: Waits,
  clock: Clock,
  run: () => void,
): Debounce {
  let cancelQuiet: (() => void) | undefined;
  let cancelMost: (() => void) | undefined;
  let alone: string | undefined;
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
    poke: (complete) => {
      cancelQuiet?.();
      alone = cancelMost === undefined || alone === complete ? complete : undefined;
      cancelQuiet = clock.after(alone === undefined ? quietMs : aloneMs, fire);
      cancelMost ??= clock.after(mostMs, fire);
    },
    isWaiting: () => cancelMost !== undefined,
    cancel,
  };
}
