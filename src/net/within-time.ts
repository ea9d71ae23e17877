/**
 * What comes of an action, which is told by its signal when it takes longer than so many milliseconds, or is not wanted any more.
 * (Of `AbortSignal.any` and `AbortSignal.timeout` nothing is told in Node 20 once both were collected as garbage.)
 */
export async function withinTime<T>(
  ms: number,
  ending: AbortSignal,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const end = (): void => {
    controller.abort();
  };
  const timer = setTimeout(end, ms);
  ending.addEventListener("abort", end);
  if (ending.aborted) end();
  try {
    return await action(controller.signal);
  } finally {
    clearTimeout(timer);
    ending.removeEventListener("abort", end);
  }
}
