/**
 * What comes of work that has a controller of its own, which another signal aborts as well until the work is over.
 *
 * Of `AbortSignal.any` a signal that lives long keeps something for each signal that was made of it, in Node 20, and nothing is
 * told of one that was collected as garbage.
 */
export async function withController<T>(
  signal: AbortSignal,
  work: (own: AbortController) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const end = (): void => {
    own.abort();
  };
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    return await work(own);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
