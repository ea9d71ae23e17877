import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import { Table } from "../../../../src/base/table/table.js";
import { expectSameWithoutMemo, history, type Inputs, steps } from "./edited-inputs.js";
import { numbers, recordingEngine, sorted, sortedGroups } from "./recording-engine.js";

describe("group", () => {
  // Some rows belong nowhere, some to one group, some to two, some to one group named twice.
  const groupsOf = (n: number): readonly string[] =>
    [[], ["even"], ["even", "odd"], ["odd", "odd"], ["odd"]][n % 5] ?? [];

  test("gives the same with and without memory", () => {
    expectSameWithoutMemo((engine) => {
      const groups = engine.group<number>("groups", groupsOf);
      return ({ left }) => sortedGroups(groups(left));
    });
  });

  test("puts each row into the groups it belongs to", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const groups = new Engine().group<number>("groups", groupsOf);
        for (const { left } of history(list)) {
          const expected = ["even", "odd"]
            .map((name) => [name, left.sorted().filter(([, n]) => groupsOf(n).includes(name))])
            .filter(([, members]) => members?.length !== 0);
          expect(sortedGroups(groups(left))).toEqual(expected);
        }
      }),
    );
  });

  test("keeps the groups that an edit does not touch", () => {
    const groups = new Engine().group<number>("groups", (n) => [n % 2 === 0 ? "even" : "odd"]);
    const first = groups(numbers);
    const second = groups(numbers.with("c", 4));
    expect(second.get("odd")).toBe(first.get("odd"));
    expect(second.get("even")).not.toBe(first.get("even"));
    expect(groups(numbers.with("c", 4))).toBe(second);
  });

  test("gives its rows' keys to the function", () => {
    const groups = new Engine().group<number>("groups", (_, key) => [key.toUpperCase()]);
    expect(sortedGroups(groups(numbers))).toEqual([
      ["A", [["a", 1]]],
      ["B", [["b", 2]]],
    ]);
  });

  test("looks at the rows that changed and no others", () => {
    const { engine, recorded } = recordingEngine();
    const groups = engine.group<number>("groups", groupsOf);
    groups(numbers);
    recorded();
    groups(numbers.with("b", 3).with("c", 4));
    expect(recorded()).toEqual([
      ["groups", "b"],
      ["groups", "c"],
    ]);
  });
});

describe("flatten", () => {
  const tables = (inputs: Inputs): Table<Table<number>> => {
    const both = Table.from([
      ["left", inputs.left],
      ["right", inputs.right],
    ]);
    return inputs.context === 0 ? both : both.without("left");
  };

  test("gives the same with and without memory", () => {
    expectSameWithoutMemo((engine) => {
      const flat = engine.flatten<number>("flat");
      return (inputs) => sorted(flat(tables(inputs)));
    });
  });

  test("takes each entry from the smallest source key that has it", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const flat = new Engine().flatten<number>("flat");
        for (const inputs of history(list)) {
          const left = inputs.context === 0 ? inputs.left : Table.empty<number>();
          const expected = new Map([...inputs.right, ...left]);
          expect(sorted(flat(tables(inputs)))).toEqual(sorted(Table.from(expected)));
        }
      }),
    );
  });

  test("undoes group", () => {
    expectSameWithoutMemo((engine) => {
      const groups = engine.group<number>("groups", (n) => [String(n % 3), "all"]);
      const flat = engine.flatten<number>("flat");
      return ({ left }) => {
        expect(flat(groups(left)).changesFrom(left)).toEqual([]);
      };
    });
  });

  test("looks at the entries that changed and no others", () => {
    const { engine, recorded } = recordingEngine();
    const flat = engine.flatten<number>("flat");
    const first = flat(Table.from([["x", numbers]]));
    recorded();
    const second = flat(
      Table.from([
        ["x", numbers.with("c", 3)],
        ["y", Table.from([["b", 9]])],
      ]),
    );
    expect(recorded()).toEqual([
      ["flat", "b"],
      ["flat", "c"],
    ]);
    expect(second.changesFrom(first)).toEqual([{ key: "c", before: undefined, after: 3 }]);
  });
});
