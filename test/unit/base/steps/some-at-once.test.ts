import { expect, test } from "vitest";
import { someAtOnce } from "../../../../src/base/steps/some-at-once.js";

/** Work that tells of its begin, and ends when the test has it end. */
function openWorks(count: number) {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const works = Array.from({ length: count }, (_, i) => () => {
    begun.push(i);
    return new Promise<number>((resolve) => {
      ends[i] = () => {
        resolve(i);
      };
    });
  });
  return { begun, end: (i: number) => ends[i]?.(), works };
}

const others = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("only so many works are done at once, in the order in which they came, and each has its own result", async () => {
  const { begun, end, works } = openWorks(4);
  const inTurn = someAtOnce(2);
  const results = works.map((work) => inTurn(work));
  await others();
  expect(begun).toEqual([0, 1]);
  end(1);
  await expect.poll(() => begun).toEqual([0, 1, 2]);
  for (const i of [0, 2]) end(i);
  await expect.poll(() => begun).toEqual([0, 1, 2, 3]);
  end(3);
  expect(await Promise.all(results)).toEqual([0, 1, 2, 3]);
});

test("work that fails makes room for others, and tells who wanted it", async () => {
  const inTurn = someAtOnce(1);
  const fault = new Error("no");
  const failing = inTurn(() => Promise.reject(fault));
  const next = inTurn(() => Promise.resolve("done"));
  await expect(failing).rejects.toBe(fault);
  expect(await next).toBe("done");
  expect(await inTurn(() => Promise.resolve("again"))).toBe("again");
});

test("what else is to be done has its turn between two works that take no time", async () => {
  const inTurn = someAtOnce(1);
  const order: string[] = [];
  const works = ["first", "second"].map((name) =>
    inTurn(() => {
      order.push(name);
      setImmediate(() => order.push(`after ${name}`));
      return Promise.resolve();
    }),
  );
  await Promise.all(works);
  expect(order).toEqual(["first", "after first", "second"]);
});
