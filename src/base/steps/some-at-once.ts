import { setImmediate } from "node:timers/promises";
import type { InTurn } from "./in-turn.js";

/**
 * Has only so many works done at once, in the order in which they came; all else that the process does has its turn between two of
 * them. Work that never ends keeps its place.
 */
export function someAtOnce(most: number): InTurn {
  let free = most;
  const waiting: (() => void)[] = [];
  const leave = async (): Promise<void> => {
    await setImmediate();
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async (work) => {
    if (free > 0) free -= 1;
    else {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    }
    try {
      return await work();
    } finally {
      void leave();
    }
  };
}
