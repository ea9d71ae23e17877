import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { InTurn } from "../../../src/base/steps/in-turn.js";
import { oneByOne } from "../../../src/debug/one-by-one.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Calls that take so long each, and at what time each was done. */
function calls(): { readonly ask: (ms: number) => Promise<void>; readonly done: number[] } {
  let spent = 0;
  const began = Date.now();
  const done: number[] = [];
  const inTurn: InTurn = oneByOne(() => Date.now() - began + spent);
  return {
    done,
    ask: (ms) =>
      inTurn(() => {
        spent += ms;
        done.push(Date.now() - began);
      }),
  };
}

test("of calls that come at once one is answered after the other, with a rest as long as each took", async () => {
  const { ask, done } = calls();
  const all = Promise.all([ask(30), ask(20), ask(10)]);
  expect(done).toEqual([0]);
  await vi.advanceTimersByTimeAsync(1000);
  await all;
  expect(done).toEqual([0, 30, 50]);
});

test("after short answers there is no rest", () => {
  const { ask, done } = calls();
  for (let call = 0; call < 5; call += 1) void ask(1);
  expect(done).toEqual([0, 0, 0, 0, 0]);
});

test("an answer that fails keeps nobody from his", async () => {
  const inTurn = oneByOne();
  const failed = inTurn(() => {
    throw new Error("no");
  });
  await expect(failed).rejects.toThrow("no");
  expect(await inTurn(() => "yes")).toBe("yes");
});
