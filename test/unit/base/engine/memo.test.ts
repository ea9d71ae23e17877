import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Engine, sameElements } from "../../../../src/base/engine/engine.js";
import { Table } from "../../../../src/base/table/table.js";
import { KEYS } from "./edited-inputs.js";
import { type Row, recordingEngine } from "./recording-engine.js";

describe("memo", () => {
  test("computes once for the same objects and equal other arguments", () => {
    const { engine, recorded } = recordingEngine();
    const describeRow = engine.memo("describe", (row: Row, name: string, n: number) => ({
      text: `${name} ${row.text} ${n}`,
    }));
    const row = { text: "x" };
    const first = describeRow(row, "a", 1);
    expect(first).toEqual({ text: "a x 1" });
    expect(describeRow(row, "a", 1)).toBe(first);
    expect(recorded()).toEqual([["describe", "a"]]);
  });

  test("computes again when any argument differs", () => {
    const { engine, recorded } = recordingEngine();
    const pair = engine.memo("pair", (a: unknown, b: unknown) => [a, b]);
    const row = { text: "x" };
    const calls: readonly (readonly [unknown, unknown])[] = [
      [row, "a"],
      [row, "b"],
      [{ text: "x" }, "a"],
      ["a", row],
      [undefined, "a"],
      [null, "a"],
      [0, "a"],
      ["0", "a"],
      [false, "a"],
      ["", "a"],
    ];
    expect(calls.map(([a, b]) => pair(a, b))).toEqual(calls);
    expect(recorded()).toHaveLength(calls.length);
    expect(calls.map(([a, b]) => pair(a, b))).toEqual(calls);
    expect(recorded()).toEqual([]);
  });

  test("remembers a result that is undefined", () => {
    const { engine, recorded } = recordingEngine();
    const nothing = engine.memo("nothing", (_: string) => undefined);
    nothing("a");
    nothing("a");
    expect(recorded()).toEqual([["nothing", "a"]]);
  });

  test("names the strings among its arguments to the recorder", () => {
    const { engine, recorded } = recordingEngine();
    engine.memo("view", (_: Row, ...names: readonly string[]) => names)({ text: "" }, "ns", "app");
    expect(recorded()).toEqual([["view", "ns app"]]);
  });

  describe("of many names that come and go, as time passes", () => {
    const manyNames = (prefix: string): readonly string[] =>
      Array.from({ length: 1000 }, (_, i) => `${prefix}-${i}`);
    const remembering = () => {
      const { engine, recorded } = recordingEngine();
      const describeRow = engine.memo(
        "describe",
        (row: Row, name: string) => `${name} ${row.text}`,
      );
      const row = { text: "x" };
      return { engine, recorded, ask: (name: string) => describeRow(row, name) };
    };

    test("forgets what nobody asked for since", () => {
      const { engine, recorded, ask } = remembering();
      manyNames("first").forEach(ask);
      for (const prefix of ["second", "third"]) {
        engine.age();
        manyNames(prefix).forEach(ask);
      }
      recorded();
      manyNames("first").forEach(ask);
      expect(recorded()).toHaveLength(1000);
    });

    test("remembers what is asked for again and again, however much comes and goes", () => {
      const { engine, recorded, ask } = remembering();
      manyNames("stays").forEach(ask);
      for (let age = 0; age < 10; age++) {
        engine.age();
        manyNames("stays").forEach(ask);
        manyNames(`comes-${age}`).forEach(ask);
      }
      recorded();
      manyNames("stays").forEach(ask);
      expect(recorded()).toEqual([]);
    });

    test("remembers all that there is, however much, until time has passed", () => {
      const { recorded, ask } = remembering();
      const names = Array.from({ length: 10 }, (_, i) => manyNames(String(i))).flat();
      names.forEach(ask);
      expect(recorded()).toHaveLength(10_000);
      names.forEach(ask);
      expect(recorded()).toEqual([]);
    });

    test("remembers few names whatever time passes", () => {
      const { engine, recorded, ask } = remembering();
      const few = manyNames("few").slice(0, 30);
      few.forEach(ask);
      for (let age = 0; age < 10; age++) engine.age();
      ask("another");
      recorded();
      few.forEach(ask);
      expect(recorded()).toEqual([]);
    });
  });

  test("computes every time without memory", () => {
    const engine = new Engine({ memo: false });
    const copy = engine.memo("copy", (row: Row) => ({ ...row }));
    const row = { text: "x" };
    expect(copy(row)).toEqual(copy(row));
    expect(copy(row)).not.toBe(copy(row));
  });
});

describe("latestFields", () => {
  interface Input {
    readonly read: number;
  }

  test("computes again only when a field that it names is another", () => {
    const { engine, recorded } = recordingEngine();
    const twice = engine.latestFields("twice", { read: true }, ({ read }: Input) => [2 * read]);
    const withOther = (other: number): Input & { readonly other: number } => ({ read: 1, other });
    const first = twice(withOther(1));
    expect(first).toEqual([2]);
    expect(twice(withOther(2))).toBe(first);
    expect(twice({ read: 2 })).toEqual([4]);
    expect(twice({ read: 1 })).not.toBe(first);
    expect(recorded()).toHaveLength(3);
  });

  test("remembers nothing without memo", () => {
    const twice = new Engine({ memo: false }).latestFields(
      "twice",
      { read: true },
      ({ read }: Input) => [2 * read],
    );
    expect(twice({ read: 1 })).not.toBe(twice({ read: 1 }));
  });
});

describe("settle", () => {
  const settleText = (engine: Engine): ((row: Row) => Row) =>
    engine.settle<Row>((a, b) => a.text === b.text);

  test("gives the old value while the new one is equal", () => {
    const settle = settleText(new Engine());
    const first = settle({ text: "x" });
    expect(settle({ text: "x" })).toBe(first);
    const second = settle({ text: "y" });
    expect(second).toEqual({ text: "y" });
    expect(settle({ text: "x" })).not.toBe(first);
  });

  test("gives every value as it comes without memory", () => {
    const settle = settleText(new Engine({ memo: false }));
    const first = settle({ text: "x" });
    expect(settle({ text: "x" })).not.toBe(first);
  });
});

describe("rowFinder", () => {
  test("finds what the table has, whoever asked for which versions of it before", () => {
    const versions = fc
      .array(fc.dictionary(fc.constantFrom(...KEYS), fc.nat(2)), { minLength: 1, maxLength: 4 })
      .map((all) => all.map((rows) => Table.from(Object.entries(rows))));
    const questions = fc.array(fc.record({ version: fc.nat(), finder: fc.nat() }));
    fc.assert(
      fc.property(versions, questions, fc.boolean(), (tables, asked, memo) => {
        const finderOf = new Engine({ memo }).rowFinder<number>();
        const finders = KEYS.map((key) => ({ key, find: finderOf(key) }));
        for (const { version, finder } of asked) {
          const table = tables[version % tables.length] ?? Table.empty<number>();
          const one = finders[finder % finders.length];
          expect(one?.find(table)).toBe(table.get(one?.key ?? ""));
        }
      }),
    );
  });
});

describe("sameElements", () => {
  test.each<[readonly unknown[], readonly unknown[], boolean]>([
    [[], [], true],
    [[1, "a"], [1, "a"], true],
    [[1, 2], [2, 1], false],
    [[1], [1, undefined], false],
    [[{}], [{}], false],
  ])("of %j and %j is %s", (a, b, expected) => {
    expect(sameElements(a, b)).toBe(expected);
  });
});
