import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { addHistogram } from "../../../../src/app/metrics/histogram.js";

const sizes = { name: "sizes", help: "Sizes, by kind", bounds: [1, 10] };

test("a value is in the bucket of the first bound that is not below it, and in all after it", async () => {
  const registry = new Registry();
  const cats = addHistogram(registry, sizes)({ kind: "cat" });
  for (const value of [0, 1, 1.5, 10, 11]) cats.observe(value);
  expect([cats.count, cats.sum]).toEqual([5, 23.5]);
  expect((await registry.metrics()).split("\n")).toEqual([
    "# HELP sizes Sizes, by kind",
    "# TYPE sizes histogram",
    'sizes_bucket{le="1",kind="cat"} 2',
    'sizes_bucket{le="10",kind="cat"} 4',
    'sizes_bucket{le="+Inf",kind="cat"} 5',
    'sizes_sum{kind="cat"} 23.5',
    'sizes_count{kind="cat"} 5',
    "",
  ]);
});

test("labels are told of when there is a value of them, and no labels from the start on", async () => {
  const registry = new Registry();
  const of = addHistogram(registry, sizes);
  of({ kind: "cat" });
  of({ kind: "dog" }).observe(2);
  addHistogram(registry, { ...sizes, name: "all" })({});
  const text = await registry.metrics();
  expect(text).not.toContain("cat");
  expect(text).toContain('sizes_count{kind="dog"} 1');
  expect(text).toContain("all_count 0");
});
