/** So many at a time keep the disk busy; more would only take memory and open files. */
const PARALLEL = 32;

/** What becomes of some items, in their order: some at a time. Fails as the first one of them does. */
export async function inSlices<T, R>(
  items: readonly T[],
  each: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += PARALLEL) {
    results.push(...(await Promise.all(items.slice(start, start + PARALLEL).map(each))));
  }
  return results;
}
