/**
 * Answers to debug calls are worked out on the thread that serves proxies, and some take tens of milliseconds. However many are
 * asked for at once, one is made after the other, and after each there is a rest for as long as it took.
 */

import type { InTurn } from "../base/steps/in-turn.js";

/** What takes less, in milliseconds, is followed by no rest: a command that asks several things does not wait for it. */
const SHORT_MS = 5;

/** See the top of this file. */
export function oneByOne(now: () => number = () => performance.now()): InTurn {
  const waiting: (() => void)[] = [];
  let isResting = false;
  const goOn = (): void => {
    for (let next = waiting.shift(); next !== undefined; ) {
      next();
      next = isResting ? undefined : waiting.shift();
    }
  };
  const rest = (ms: number): void => {
    isResting = true;
    setTimeout(() => {
      isResting = false;
      goOn();
    }, ms);
  };
  // What throws, too, does so by its promise; what waits for nothing is done when this returns.
  const take = async <T>(work: () => T | Promise<T>): Promise<T> => {
    const begun = now();
    let answer: T | Promise<T>;
    try {
      answer = work();
    } finally {
      const took = now() - begun;
      if (took >= SHORT_MS) rest(took);
    }
    return answer;
  };
  return (work) => {
    if (!isResting) return take(work);
    return new Promise((resolve) => {
      waiting.push(() => {
        resolve(take(work));
      });
    });
  };
}
