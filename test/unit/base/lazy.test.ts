import { expect, test } from "vitest";
import { Engine } from "../../../src/base/engine/engine.js";
import { keptIfSame, lazy } from "../../../src/base/lazy.js";

test("a value is made once, when it is first asked for", () => {
  let made = 0;
  const value = lazy<number | undefined>(() => {
    made += 1;
    return undefined;
  });
  expect([value.isMade, made]).toEqual([false, 0]);
  expect([value.get(), value.get()]).toEqual([undefined, undefined]);
  expect([value.isMade, made]).toEqual([true, 1]);
});

test("a value that could not be made is tried again", () => {
  let attempts = 0;
  const value = lazy(() => {
    attempts += 1;
    if (attempts === 1) throw new Error("not yet");
    return attempts;
  });
  expect(() => value.get()).toThrow("not yet");
  expect(value.get()).toBe(2);
});

test("the older of two equal values is kept, and not made for that", () => {
  const [older, newer, other] = [lazy(() => 1), lazy(() => 1), lazy(() => 2)];
  expect(keptIfSame(older, newer, Object.is)).toBe(newer);
  expect([older.isMade, newer.isMade]).toEqual([false, false]);
  older.get();
  expect(keptIfSame(older, newer, Object.is)).toBe(older);
  expect(keptIfSame(older, other, Object.is)).toBe(other);
  expect(keptIfSame(newer, newer, () => false)).toBe(newer);
});

test("what a branch asks for first is made there, and made again for those outside", () => {
  const engine = new Engine();
  const latest = engine.latestOf("doubled", (one: number) => ({ doubled: one * 2 }));
  const value = engine.lazy(() => latest(1));
  const branch = engine.branch();
  const supposed = branch(() => value.get());
  expect(branch(() => [value.isMade, value.get() === supposed])).toEqual([true, true]);
  expect(value.isMade).toBe(false);
  const made = value.get();
  expect(made).toEqual(supposed);
  expect(latest(1)).toBe(made);
  expect(engine.branch()(() => value.get())).toBe(made);
});
