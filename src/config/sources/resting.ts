import type { Clock } from "../../base/clock.js";

/** From how many characters on reading a file costs enough to do it more rarely while it is written. */
const LARGE = 2 ** 20;

const FIRST_REST_MS = 250;
const LONGEST_REST_MS = 8000;
/** How long after its rest a file has to be left alone until the next one is short again. */
const FORGET_MS = 2 * LONGEST_REST_MS;

/**
 * Large files that are written on and on, such as what a slow program puts out. Each is read again at once when it is written
 * for the first time in a while, and then after ever longer rests, so that reading it takes a small part of the time.
 */
export interface Resting {
  /** Whether a file that was written is to be looked at later: it is, by `onRested`. */
  readonly holds: (path: string) => boolean;
  /** Takes note that a file was read, and how much that was. */
  readonly onRead: (path: string, length: number) => void;
  readonly cancel: () => void;
}

interface Rest {
  readonly ms: number;
  /** `over`: what is written now is looked at at once; `held`: it was written meanwhile. */
  readonly phase: "resting" | "held" | "over";
  readonly cancel: () => void;
}

/** `onRested` is called with each file that was held when its rest is over. */
export function createResting(clock: Clock, onRested: (path: string) => void): Resting {
  const rests = new Map<string, Rest>();
  const end = (path: string): void => {
    const rest = rests.get(path);
    if (rest === undefined) return;
    const cancel = clock.after(FORGET_MS, () => {
      rests.delete(path);
    });
    rests.set(path, { ...rest, phase: "over", cancel });
    if (rest.phase === "held") onRested(path);
  };
  return {
    holds: (path) => {
      const rest = rests.get(path);
      if (rest === undefined || rest.phase === "over") return false;
      rests.set(path, { ...rest, phase: "held" });
      return true;
    },
    onRead: (path, length) => {
      const last = rests.get(path);
      last?.cancel();
      rests.delete(path);
      if (length < LARGE) return;
      const ms = last === undefined ? FIRST_REST_MS : Math.min(2 * last.ms, LONGEST_REST_MS);
      const cancel = clock.after(ms, () => {
        end(path);
      });
      rests.set(path, { ms, phase: "resting", cancel });
    },
    cancel: () => {
      for (const { cancel } of rests.values()) cancel();
      rests.clear();
    },
  };
}
