import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Engine, sameElements } from "../../../../src/base/engine/engine.js";
import { overlay, Table } from "../../../../src/base/table/table.js";

interface Row {
  readonly text: string;
}

type Recorded = readonly [operator: string, key: string];

/** An engine and what it has recomputed since it was last asked. */
function recordingEngine(): { engine: Engine; recorded: () => readonly Recorded[] } {
  let list: Recorded[] = [];
  const engine = new Engine({ record: (operator, key) => list.push([operator, key]) });
  return {
    engine,
    recorded: () => {
      const result = list.sort(([a, b], [c, d]) => (`${a} ${b}` < `${c} ${d}` ? -1 : 1));
      list = [];
      return result;
    },
  };
}

const sorted = <V>(table: Table<V>): readonly (readonly [string, V])[] => table.sorted();
const sortedGroups = <V>(table: Table<Table<V>>): readonly (readonly [string, unknown])[] =>
  table.sorted().map(([key, group]) => [key, group.sorted()]);

const numbers = Table.from([
  ["a", 1],
  ["b", 2],
]);

// Inputs of the property tests: two tables which are edited, and a number which is set, step by step.
const KEYS = ["a", "b", "c", "d", "e", "f"];

/** By key, the value to set; undefined removes the key. */
type Edits = Record<string, number | undefined>;

interface Step {
  readonly left: Edits;
  readonly right: Edits;
  readonly context: number;
}

interface Inputs {
  readonly left: Table<number>;
  readonly right: Table<number>;
  readonly context: number;
}

const edits: fc.Arbitrary<Edits> = fc.dictionary(
  fc.constantFrom(...KEYS),
  fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined, freq: 2 }),
  { maxKeys: 3 },
);
const step: fc.Arbitrary<Step> = fc.record({
  left: edits,
  right: edits,
  context: fc.integer({ min: 0, max: 1 }),
});
const steps = fc.array(step, { minLength: 1, maxLength: 20 });

function edited(table: Table<number>, changes: Edits): Table<number> {
  return Object.entries(changes).reduce(
    (result, [key, value]) => (value === undefined ? result.without(key) : result.with(key, value)),
    table,
  );
}

/** The inputs after each step. */
function history(list: readonly Step[]): readonly Inputs[] {
  const result: Inputs[] = [];
  let left = Table.empty<number>();
  let right = Table.empty<number>();
  for (const edit of list) {
    left = edited(left, edit.left);
    right = edited(right, edit.right);
    result.push({ left, right, context: edit.context });
  }
  return result;
}

/** Asserts that a computation gives the same with and without memory, whatever came before. */
function expectSameWithoutMemo(build: (engine: Engine) => (inputs: Inputs) => unknown): void {
  fc.assert(
    fc.property(steps, (list) => {
      const remembering = build(new Engine());
      for (const inputs of history(list)) {
        const fresh = build(new Engine({ memo: false }));
        expect(remembering(inputs)).toEqual(fresh(inputs));
      }
    }),
    { numRuns: 300 },
  );
}

/** The keys at which two tables differ. */
function differing(a: Table<number>, b: Table<number>): readonly string[] {
  return KEYS.filter((key) => a.get(key) !== b.get(key));
}

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

describe("a pipeline of all operators", () => {
  test("gives the same with and without memory", () => {
    expectSameWithoutMemo((engine) => {
      const sums = engine.derive<[number, number], [number], number>(
        "sums",
        (_, [left = 0, right = 0], context) => left + right + context,
      );
      const groups = engine.group<number>("groups", (n) => [n % 2 === 0 ? "even" : "odd"]);
      const total = engine.memo("total", (members: Table<number>, name: string) => ({
        text: `${name} ${[...members.values()].reduce((a, b) => a + b, 0)}`,
      }));
      const totals = engine.derive<[Table<number>], [], Row>(
        "totals",
        (name, [members]) => (members === undefined ? undefined : total(members, name)),
        (a, b) => a.text === b.text,
      );
      const flat = engine.flatten<number>("flat");
      const settle = engine.settle<readonly Row[]>(sameElements);
      return ({ left, right, context }) => {
        const grouped = groups(sums([left, right], context));
        return [
          sorted(flat(grouped)),
          sorted(totals([grouped])),
          settle(
            totals([grouped])
              .sorted()
              .map(([, row]) => row),
          ),
        ];
      };
    });
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
