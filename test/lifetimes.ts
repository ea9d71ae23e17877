/** How long what tests start lives: as long as one test, or as the tests of a file that share it. */
import { afterAll, beforeAll, onTestFinished } from "vitest";

/** What ends the parts of something, to be called in the opposite order. */
export type Closers = (() => Promise<void>)[];

/** Starts something; what ends a part of it is noted as soon as there is that part, so that it ends though another fails. */
type Open<T> = (closers: Closers) => Promise<T>;

/** Something that ends with the test that starts it. */
export function endingWithTest<T>(open: Open<T>): Promise<T> {
  const closers: Closers = [];
  onTestFinished(() => closeAll(closers));
  return open(closers);
}

/**
 * Something that the tests of a file share: it is there when the first of them runs, and ends after the last. Call it outside
 * of tests, and the result in them.
 */
export function sharedByTests<T>(open: Open<T>): () => T {
  const closers: Closers = [];
  const shared: { one?: T } = {};
  beforeAll(async () => {
    shared.one = await open(closers);
  });
  afterAll(() => closeAll(closers));
  return () => {
    if (shared.one === undefined) throw new Error("it runs only while tests do");
    return shared.one;
  };
}

async function closeAll(closers: Closers): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}
