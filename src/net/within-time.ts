import { withController } from "../base/with-controller.js";

/**
 * What comes of an action, which is told by its signal when it takes longer than so many milliseconds, or is not wanted any more.
 * (Of `AbortSignal.timeout` nothing is told in Node 20 once it was collected as garbage.)
 */
export function withinTime<T>(
  ms: number,
  ending: AbortSignal,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withController(ending, async (own) => {
    const timer = setTimeout(() => {
      own.abort();
    }, ms);
    try {
      return await action(own.signal);
    } finally {
      clearTimeout(timer);
    }
  });
}
