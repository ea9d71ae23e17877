import { expect, test } from "vitest";
import { createResting } from "../../../../src/config/sources/resting.js";
import { fakeClock } from "../../base/fake-clock.js";

const FILE = "mesh/large.yaml";
const LARGE = 5 * 2 ** 20;

/** A file that is read whenever it was written and does not rest. */
function openFile(length = LARGE): {
  readonly write: () => void;
  readonly pass: (ms: number) => void;
  readonly reads: () => number;
} {
  const { pass, ...clock } = fakeClock();
  let reads = 0;
  const read = (): void => {
    reads += 1;
    resting.onRead(FILE, length);
  };
  const resting = createResting(clock, read);
  return {
    write: () => {
      if (!resting.holds(FILE)) read();
    },
    pass,
    reads: () => reads,
  };
}

/** Writes a file so many times, so far apart. */
function writeOn({ write, pass }: ReturnType<typeof openFile>, times: number, ms: number): void {
  for (let i = 0; i < times; i++) {
    write();
    pass(ms);
  }
}

test.each([
  { what: "ten times a second", times: 600, ms: 100, reads: 12 },
  { what: "every second", times: 60, ms: 1000, reads: 12 },
  { what: "every ten seconds", times: 6, ms: 10_000, reads: 6 },
])(
  "a large file that is written $what for a minute is read $reads times",
  ({ times, ms, reads }) => {
    const file = openFile();
    writeOn(file, times, ms);
    expect(file.reads()).toBe(reads);
  },
);

test("what was written last is read when the rest is over", () => {
  const file = openFile();
  writeOn(file, 3, 10);
  expect(file.reads()).toBe(1);
  file.pass(250);
  expect(file.reads()).toBe(2);
  file.pass(60_000);
  expect(file.reads()).toBe(2);
});

test("a large file is read at once when it is written for the first time in a while", () => {
  const file = openFile();
  writeOn(file, 600, 100);
  file.pass(60_000);
  const before = file.reads();
  file.write();
  expect(file.reads()).toBe(before + 1);
  file.pass(10);
  file.write();
  file.pass(250);
  expect(file.reads()).toBe(before + 2);
});

test("a file that is not large is read each time", () => {
  const file = openFile(1000);
  writeOn(file, 10, 10);
  expect(file.reads()).toBe(10);
});
