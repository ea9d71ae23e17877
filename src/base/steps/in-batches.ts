/**
 * What becomes of some items, in their order. So many are begun at once, and the next when all of these are over: no more files
 * are open, and no more texts in memory, than of one batch. Rejects as the first that does.
 */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  size: number,
  each: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += size) {
    results.push(...(await Promise.all(items.slice(start, start + size).map(each))));
  }
  return results;
}
