import { expect, test } from "vitest";
import { createSettling } from "../../../../src/config/sources/settling.js";
import { fakeClock } from "../../base/fake-clock.js";

/** A directory that settles when the test says so. */
function open(): ReturnType<typeof createSettling> & { readonly pass: () => void } {
  const clock = fakeClock();
  return {
    ...createSettling(clock, () => undefined),
    pass: () => {
      clock.pass(1000);
    },
  };
}

test.each([
  { what: "loses one file", counts: { before: 5, after: 4, gone: 1 }, isSettled: true },
  { what: "loses several", counts: { before: 5, after: 3, gone: 2 }, isSettled: false },
  { what: "has some moved", counts: { before: 5, after: 5, gone: 2 }, isSettled: true },
  { what: "is edited", counts: { before: 5, after: 5, gone: 0 }, isSettled: true },
  { what: "gets another", counts: { before: 5, after: 6, gone: 0 }, isSettled: true },
  { what: "gets its first", counts: { before: 0, after: 1, gone: 0 }, isSettled: false },
  { what: "loses all at once", counts: { before: 5, after: 0, gone: 5 }, isSettled: true },
])("a directory that $what is settled: $isSettled", ({ counts, isSettled }) => {
  const directory = open();
  directory.onChange(counts);
  expect(directory.isSettled()).toBe(isSettled);
});

test("a directory that loses its files one look after the other has never lost only some of them", () => {
  const directory = open();
  directory.onChange({ before: 5, after: 3, gone: 2 });
  directory.onChange({ before: 3, after: 2, gone: 1 });
  expect(directory.isSettled()).toBe(false);
  directory.onChange({ before: 2, after: 0, gone: 2 });
  directory.onChange({ before: 0, after: 1, gone: 0 });
  expect(directory.isSettled()).toBe(false);
  directory.pass();
  expect(directory.isSettled()).toBe(true);
});

test("edits of what is left do not keep it unsettled", () => {
  const directory = open();
  directory.onChange({ before: 5, after: 3, gone: 2 });
  directory.onChange({ before: 3, after: 3, gone: 0 });
  directory.pass();
  expect(directory.isSettled()).toBe(true);
});

test("losses are accepted, and a directory that is being filled is not", () => {
  const losing = open();
  losing.onChange({ before: 5, after: 3, gone: 2 });
  losing.acceptLosses();
  expect(losing.isSettled()).toBe(true);
  const filling = open();
  filling.onChange({ before: 0, after: 3, gone: 0 });
  filling.acceptLosses();
  expect(filling.isSettled()).toBe(false);
});
