import { expect, test } from "vitest";
import { Lazy, sameMade } from "../../../src/base/lazy.js";

test("a value is made once, when it is first asked for", () => {
  let made = 0;
  const value = new Lazy<number | undefined>(() => {
    made += 1;
    return undefined;
  });
  expect([value.isMade, made]).toEqual([false, 0]);
  expect([value.get(), value.get()]).toEqual([undefined, undefined]);
  expect([value.isMade, made]).toEqual([true, 1]);
});

test("a value that could not be made is tried again", () => {
  let attempts = 0;
  const value = new Lazy(() => {
    attempts += 1;
    if (attempts === 1) throw new Error("not yet");
    return attempts;
  });
  expect(() => value.get()).toThrow("not yet");
  expect(value.get()).toBe(2);
});

test("values are compared without making the older one", () => {
  const [older, newer] = [new Lazy(() => 1), new Lazy(() => 1)];
  expect(sameMade(older, newer, Object.is)).toBe(false);
  expect([older.isMade, newer.isMade]).toEqual([false, false]);
  older.get();
  expect(sameMade(older, newer, Object.is)).toBe(true);
  expect(sameMade(older, new Lazy(() => 2), Object.is)).toBe(false);
  expect(sameMade(newer, newer, () => false)).toBe(true);
});
