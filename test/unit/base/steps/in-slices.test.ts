import { expect, test } from "vitest";
import { inSlices } from "../../../../src/base/steps/in-slices.js";

/** Steps that take a millisecond each, and count. */
function* slowSteps(count: number): Generator<void, string> {
  for (let i = 0; i < count; i++) {
    const until = performance.now() + 1;
    while (performance.now() < until) yield;
  }
  return "done";
}

const { signal: never } = new AbortController();

test("others have their turn before long work is done", async () => {
  const order: string[] = [];
  const work = inSlices(slowSteps(50), { signal: never }).then((result) => order.push(result));
  setImmediate(() => order.push("other"));
  await work;
  expect(order).toEqual(["other", "done"]);
});

test("each slice is taken as the caller has it taken", async () => {
  let [inside, slices] = [false, 0];
  const states: boolean[] = [];
  function* steps(): Generator<void, void> {
    const work = slowSteps(20);
    while (work.next().done !== true) {
      states.push(inside);
      yield;
    }
  }
  await inSlices(steps(), {
    signal: never,
    run: (slice) => {
      slices += 1;
      inside = true;
      const result = slice();
      inside = false;
      return result;
    },
  });
  expect(states.every((one) => one)).toBe(true);
  expect(slices).toBeGreaterThan(1);
});

test("work that is not wanted any more ends between two slices", async () => {
  const abort = new AbortController();
  const reason = new RangeError("enough");
  setImmediate(() => {
    abort.abort(reason);
  });
  await expect(inSlices(slowSteps(100_000), { signal: abort.signal })).rejects.toBe(reason);
});

test("an error of the work is the caller's", async () => {
  function* failing(): Generator<void, void> {
    yield;
    throw new RangeError("no");
  }
  await expect(inSlices(failing(), { signal: never })).rejects.toThrow(RangeError);
});
