import { expect, test } from "vitest";
import { Samples } from "../../../src/app/samples.js";

test("values are counted together, in order, when somebody asks, and once", () => {
  const counted: (readonly number[])[] = [];
  const samples = new Samples((values) => counted.push([...values]));
  for (const value of [3, 1, 2]) samples.add(value);
  expect(counted).toEqual([]);
  samples.flush();
  samples.flush();
  expect(counted).toEqual([[3, 1, 2]]);
});

test("a thousand values are counted though nobody asks", () => {
  const counted: number[] = [];
  const samples = new Samples((values) => counted.push(values.length));
  for (let value = 0; value < 1500; value++) samples.add(value);
  expect(counted).toEqual([1000]);
  samples.flush();
  expect(counted).toEqual([1000, 500]);
});
