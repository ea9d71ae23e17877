/** Ends what was started, the latest first. */
export type Closers = (() => Promise<void> | void)[];

/** Ends all of it, and forgets it. */
export async function closeAll(closers: Closers): Promise<void> {
  for (const closer of closers.splice(0).reverse()) await closer();
}
