import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import { overlay, Table } from "../../../../src/base/table/table.js";
import { expectSameWithoutMemo, history, steps } from "./edited-inputs.js";
import { numbers, sorted } from "./recording-engine.js";

describe("overlay of two tables", () => {
  test("gives the same with and without memory", () => {
    expectSameWithoutMemo((engine) => {
      const over = engine.overlay<number>();
      return ({ left, right }) => sorted(over(left, right));
    });
  });

  test("takes each entry from the upper table, or else from the lower", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const over = new Engine().overlay<number>();
        for (const { left, right } of history(list)) {
          const expected = Table.from(new Map([...left, ...right]));
          expect(sorted(over(left, right))).toEqual(sorted(expected));
        }
      }),
    );
  });

  test("gives the same object when nothing changed, and shares all that did not change", () => {
    const over = new Engine().overlay<object>();
    const [first, other, upper] = [{}, {}, {}];
    const lower = Table.from([...Array(100).keys()].map((i) => [`key${i}`, {}] as const));
    const laid = Table.from([["key3", upper]]);
    const result = over(lower, laid);
    expect(over(lower, laid)).toBe(result);
    expect(over(lower.with("key3", first), laid)).toBe(result);
    const changed = over(lower.with("key4", other), laid);
    expect(changed.changesFrom(result)).toEqual([
      { key: "key4", before: lower.get("key4"), after: other },
    ]);
    expect(over(lower, laid.with("key4", lower.get("key4")!)).changesFrom(result)).toEqual([]);
  });

  test("is the lower table when nothing else is laid over it", () => {
    const over = new Engine().overlay<number>();
    expect(over(numbers, Table.empty())).toBe(numbers);
    expect(over(numbers, numbers)).toBe(numbers);
  });
});

describe("overlay of entries", () => {
  test("lays entries over a table and keeps the rest", () => {
    const result = overlay(numbers, [
      ["b", 3],
      ["c", 4],
    ]);
    expect(sorted(result)).toEqual([
      ["a", 1],
      ["b", 3],
      ["c", 4],
    ]);
    expect(overlay(numbers, [["a", 1]])).toBe(numbers);
  });
});
