import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import { Table } from "../../../../src/base/table/table.js";
import { differing, expectSameWithoutMemo, history, KEYS, steps } from "./edited-inputs.js";
import { numbers, type Row, recordingEngine, sorted } from "./recording-engine.js";

describe("derive", () => {
  const add = (
    _key: string,
    [left, right]: readonly [number | undefined, number | undefined],
    context: number,
  ): Row | undefined => {
    const total = (left ?? 0) + (right ?? 0) * 10 + context * 100;
    return total % 7 === 0 ? undefined : { text: String(total % 20) };
  };
  const sameText = (a: Row, b: Row): boolean => a.text === b.text;

  test("gives the same with and without memory", () => {
    expectSameWithoutMemo((engine) => {
      const rows = engine.derive<[number, number], [number], Row>("rows", add, sameText);
      return ({ left, right, context }) => sorted(rows([left, right], context));
    });
  });

  test("gives what its function gives at every key", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const rows = new Engine().derive<[number, number], [number], Row>("rows", add, sameText);
        for (const { left, right, context } of history(list)) {
          const expected = KEYS.filter((key) => left.has(key) || right.has(key))
            .map((key) => [key, add(key, [left.get(key), right.get(key)], context)])
            .filter(([, row]) => row !== undefined);
          expect(sorted(rows([left, right], context))).toEqual(expected);
        }
      }),
    );
  });

  test("computes exactly the keys that changed in a source", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const { engine, recorded } = recordingEngine();
        const rows = engine.derive<[number, number], [], Row>("rows", (key, pair) =>
          add(key, pair, 0),
        );
        let before = { left: Table.empty<number>(), right: Table.empty<number>() };
        for (const now of history(list)) {
          rows([now.left, now.right]);
          const changed = new Set([
            ...differing(before.left, now.left),
            ...differing(before.right, now.right),
          ]);
          expect(recorded()).toEqual([...changed].sort().map((key) => ["rows", key]));
          before = now;
        }
      }),
    );
  });

  test("computes all keys when the context changed", () => {
    const { engine, recorded } = recordingEngine();
    const rows = engine.derive<[number], [string], string>("rows", (_, [n], text) => `${n}${text}`);
    rows([numbers], "x");
    recorded();
    expect(sorted(rows([numbers], "y"))).toEqual([
      ["a", "1y"],
      ["b", "2y"],
    ]);
    expect(recorded()).toEqual([
      ["rows", "a"],
      ["rows", "b"],
    ]);
  });

  test("drops the rows that a changed context leaves out", () => {
    const rows = new Engine().derive<[number], [number], number>("rows", (_, [n], least) =>
      n !== undefined && n >= least ? n : undefined,
    );
    expect(rows([numbers], 1).size).toBe(2);
    expect(sorted(rows([numbers], 2))).toEqual([["b", 2]]);
  });

  test("computes nothing and gives the same table for the same inputs", () => {
    const { engine, recorded } = recordingEngine();
    const rows = engine.derive<[number], [], Row>("rows", (_, [n]) => ({ text: String(n) }));
    const first = rows([numbers]);
    recorded();
    expect(rows([numbers])).toBe(first);
    expect(recorded()).toEqual([]);
  });

  test("keeps the old row, and so the table, when the new row is equal", () => {
    const rows = new Engine().derive<[number], [], Row>(
      "rows",
      (_, [n = 0]) => ({ text: n > 0 ? "positive" : "not" }),
      sameText,
    );
    const first = rows([numbers]);
    expect(rows([numbers.with("a", 7)])).toBe(first);
    const second = rows([numbers.with("a", 0)]);
    expect(second.get("a")).toEqual({ text: "not" });
    expect(second.get("b")).toBe(first.get("b"));
  });

  test("stops the work there: what is built on a kept row is not computed again", () => {
    const { engine, recorded } = recordingEngine();
    const signs = engine.derive<[number], [], Row>(
      "signs",
      (_, [n = 0]) => ({ text: n > 0 ? "positive" : "not" }),
      sameText,
    );
    const shouts = engine.derive<[Row], [], string>("shouts", (_, [row]) => `${row?.text ?? ""}!`);
    shouts([signs([numbers])]);
    recorded();
    shouts([signs([numbers.with("a", 7)])]);
    expect(recorded()).toEqual([["signs", "a"]]);
    shouts([signs([numbers.with("a", 0)])]);
    expect(recorded()).toEqual([
      ["shouts", "a"],
      ["signs", "a"],
    ]);
  });

  test("does not ask its function about a key that no source has any more", () => {
    const asked: string[] = [];
    const rows = new Engine().derive<[number], [], number>("rows", (key, [n]) => {
      asked.push(key);
      return n;
    });
    rows([numbers]);
    asked.length = 0;
    expect(sorted(rows([numbers.without("a")]))).toEqual([["b", 2]]);
    expect(asked).toEqual([]);
  });

  test("is right again after its function threw", () => {
    const rows = new Engine().derive<[number], [], number>("rows", (_, [n]) => {
      if (n === 13) throw new Error("thirteen");
      return n;
    });
    rows([numbers]);
    expect(() => rows([numbers.with("c", 3).with("d", 13)])).toThrow("thirteen");
    expect(sorted(rows([numbers.with("c", 3)]))).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
  });
});

describe("lookUp", () => {
  const withLeft = (key: string, [left, right]: readonly [number, number | undefined]): string =>
    `${key} ${left} ${right}`;

  test("gives the same with and without memory", () => {
    expectSameWithoutMemo((engine) => {
      const found = engine.lookUp("found", withLeft);
      return ({ left, right }) => sorted(found([left, right]));
    });
  });

  test("has a row for each of the first table", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const found = new Engine().lookUp("found", withLeft);
        for (const { left, right } of history(list)) {
          const expected = [...left].map(
            ([key, n]) => [key, withLeft(key, [n, right.get(key)])] as const,
          );
          expect(sorted(found([left, right]))).toEqual(sorted(Table.from(expected)));
        }
      }),
    );
  });

  test("looks at the rows of the first table alone, then at what changed", () => {
    const { engine, recorded } = recordingEngine();
    const found = engine.lookUp("found", withLeft);
    const first = Table.from([["b", 9]]);
    found([first, numbers]);
    expect(recorded()).toEqual([["found", "b"]]);
    const next = found([first, numbers.with("b", 3)]);
    expect(recorded()).toEqual([["found", "b"]]);
    expect(sorted(next)).toEqual([["b", "b 9 3"]]);
  });
});
