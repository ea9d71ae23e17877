import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Change, Table } from "../../../../src/base/table/table.js";
import { ABSENT } from "../../../../src/base/table/trie.js";
import { CLASHING_KEYS, NEIGHBOUR_KEYS } from "./clashing-keys.js";

/** An edit of a table: a value to set, or undefined to remove the key. */
type Edit = readonly [key: string, value: number | undefined];

const KEYS = [
  ...Array.from({ length: 60 }, (_, i) => `key${i}`),
  ...CLASHING_KEYS,
  ...NEIGHBOUR_KEYS,
];
const key = fc.constantFrom("", ...KEYS);
const edits = fc.array<Edit>(
  fc.oneof(
    { weight: 3, arbitrary: fc.tuple(key, fc.integer({ min: 0, max: 3 })) },
    { weight: 2, arbitrary: fc.tuple(key, fc.constant(undefined)) },
  ),
  { maxLength: 200, size: "max" },
);

function edited(table: Table<number>, list: readonly Edit[]): Table<number> {
  return list.reduce(
    (result, [key, value]) => (value === undefined ? result.without(key) : result.with(key, value)),
    table,
  );
}

function editedModel(
  model: ReadonlyMap<string, number>,
  list: readonly Edit[],
): ReadonlyMap<string, number> {
  const result = new Map(model);
  for (const [key, value] of list) {
    if (value === undefined) result.delete(key);
    else result.set(key, value);
  }
  return result;
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : 1;
const entriesOf = (model: ReadonlyMap<string, number>): (readonly [string, number])[] =>
  [...model].sort(byKey);

function modelChanges(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Change<number>[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((key) => ({ key, before: before.get(key), after: after.get(key) }))
    .filter((change) => change.before !== change.after);
}

const sortedChanges = (changes: readonly Change<number>[]): Change<number>[] =>
  [...changes].sort((a, b) => byKey([a.key, 0], [b.key, 0]));

describe("the keys of these tests", () => {
  test("clash: they stand side by side among ten thousand others", () => {
    const others = Array.from({ length: 10_000 }, (_, i) => `other${i}`);
    const order = [...Table.from([...others, ...CLASHING_KEYS].map((key) => [key, 0])).keys()];
    const first = order.indexOf([...CLASHING_KEYS].sort()[0]!);
    expect(order.slice(first, first + CLASHING_KEYS.length)).toEqual([...CLASHING_KEYS].sort());
  });
});

describe("a table", () => {
  test("holds what a map holds after the same edits", () => {
    fc.assert(
      fc.property(edits, (list) => {
        const table = edited(Table.empty(), list);
        const model = editedModel(new Map(), list);
        expect(table.sorted()).toEqual(entriesOf(model));
        expect(table.size).toBe(model.size);
        expect(KEYS.map((key) => table.get(key))).toEqual(KEYS.map((key) => model.get(key)));
        expect(KEYS.map((key) => table.has(key))).toEqual(KEYS.map((key) => model.has(key)));
      }),
      { numRuns: 500 },
    );
  });

  test("finds each of so many keys that some have the same hash", () => {
    const keys = Array.from({ length: 100_000 }, (_, i) => `service-${i}.namespace-${i % 50}`);
    const table = Table.from(keys.map((key, i) => [key, i]));
    expect(table.size).toBe(keys.length);
    expect(keys.findIndex((key, i) => table.get(key) !== i)).toBe(-1);
    const rest = keys.slice(10).reduce((smaller, key) => smaller.without(key), table);
    expect(rest.sorted()).toEqual(keys.slice(0, 10).map((key, i) => [key, i]));
  });

  test("is iterated in one order by all its ways", () => {
    fc.assert(
      fc.property(edits, (list) => {
        const table = edited(Table.empty(), list);
        const entries = [...table];
        const visited: (readonly [string, number])[] = [];
        table.forEach((value, key) => visited.push([key, value]));
        expect(visited).toEqual(entries);
        expect([...table.keys()]).toEqual(entries.map(([key]) => key));
        expect([...table.values()]).toEqual(entries.map(([, value]) => value));
      }),
    );
  });

  test("is not changed by edits of it", () => {
    fc.assert(
      fc.property(edits, edits, (first, second) => {
        const table = edited(Table.empty(), first);
        const before = [...table];
        edited(table, second);
        expect([...table]).toEqual(before);
      }),
    );
  });

  test("has a shape that depends on its contents alone", () => {
    const withOrder = edits.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(entriesOf(editedModel(new Map(), list)), {
          minLength: editedModel(new Map(), list).size,
        }),
      ),
    );
    fc.assert(
      fc.property(withOrder, ([list, entries]) => {
        const table = edited(Table.empty(), list);
        const other = Table.from(entries);
        expect([...other]).toEqual([...table]);
        expect(other.changesFrom(table)).toEqual([]);
        expect(table.changesFrom(other)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("is the very same after an edit that changes nothing", () => {
    fc.assert(
      fc.property(edits, key, (list, absent) => {
        const table = edited(Table.empty(), list).without(absent);
        expect(table.without(absent)).toBe(table);
        expect([...table].reduce((same, [key, value]) => same.with(key, value), table)).toBe(table);
      }),
    );
  });

  test("is the one empty table once nothing is left", () => {
    fc.assert(
      fc.property(edits, (list) => {
        const table = edited(Table.empty(), list);
        const nothing = [...table.keys()].reduce((rest, key) => rest.without(key), table);
        expect(nothing).toBe(Table.empty());
      }),
    );
  });

  test("takes the later of two entries with one key", () => {
    expect(
      Table.from([
        ["a", 1],
        ["a", 2],
      ]).sorted(),
    ).toEqual([["a", 2]]);
  });

  test("knows what it was extended from, until it is edited", () => {
    const base = Table.from([["a", 1]]);
    const extended = base.extended(Table.from([["b", 2]]));
    expect(extended.layers?.base).toBe(base);
    expect(extended.sorted()).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(extended.with("c", 3).layers).toBeUndefined();
    expect(base.extended(Table.empty())).toBe(base);
  });

  test("in two layers is what it is in one, whichever entries lie in which", () => {
    const inTop = fc.func(fc.boolean());
    const tops = fc.oneof(
      fc.tuple(inTop, inTop),
      inTop.map((one) => [one, one] as const),
    );
    const layered = (table: Table<number>, isTop: (key: string) => boolean) => {
      const top = Table.from([...table].filter(([key]) => isTop(key)));
      return [...top.keys()].reduce((rest, key) => rest.without(key), table).extended(top);
    };
    fc.assert(
      fc.property(edits, edits, tops, (first, more, [isTop, isOther]) => {
        const before = edited(Table.empty(), first);
        const after = edited(before, more);
        const lower = layered(before, isTop);
        const upper = layered(after, isOther);
        const changes = sortedChanges(after.changesFrom(before));
        expect(sortedChanges(upper.changesFrom(lower))).toEqual(changes);
        expect(sortedChanges(upper.changesFrom(before))).toEqual(changes);
        expect(sortedChanges(after.changesFrom(lower))).toEqual(changes);
        expect(upper.size).toBe(after.size);
        expect(KEYS.map((one) => upper.get(one))).toEqual(KEYS.map((one) => after.get(one)));
        expect([...upper]).toEqual([...after]);
        expect(edited(lower, more).sorted()).toEqual(after.sorted());
      }),
    );
  });

  test("is after many edits at once what it is after one after the other", () => {
    fc.assert(
      fc.property(edits, edits, (first, second) => {
        const table = edited(Table.empty(), first);
        const result = table.edited(second.map(([key, value]) => [key, value ?? ABSENT]));
        const expected = edited(table, second);
        expect([...result]).toEqual([...expected]);
        expect(result.size).toBe(expected.size);
        expect(result.changesFrom(expected)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("is made of what several tables have at each key", () => {
    fc.assert(
      fc.property(edits, edits, edits, (...lists) => {
        const tables = lists.map((list) => edited(Table.empty(), list));
        const joined = (key: string, rows: readonly unknown[]): string | undefined =>
          rows[0] === 0 ? undefined : `${key} ${rows.join(" ")}`;
        const rowAt = (key: string): string | undefined =>
          joined(
            key,
            tables.map((table) => table.get(key)),
          );
        for (const leading of [1, 2, 3]) {
          const keys = new Set(tables.slice(0, leading).flatMap((table) => [...table.keys()]));
          const expected = [...keys].flatMap((key): (readonly [string, string])[] => {
            const row = rowAt(key);
            return row === undefined ? [] : [[key, row]];
          });
          const result = Table.derived(tables, leading, joined);
          expect([...result]).toEqual([...Table.from(expected)]);
          expect(result.size).toBe(expected.length);
        }
      }),
    );
  });

  test("compares values by identity", () => {
    const table = Table.from([["a", { n: 1 }]]);
    expect(table.with("a", { n: 1 }).changesFrom(table)).toHaveLength(1);
  });

  test("sorts keys by code units", () => {
    const keys = ["b", "a", "B", "ä", "a.b", "a-b", ""];
    expect(
      Table.from(keys.map((key) => [key, 0]))
        .sorted()
        .map(([key]) => key),
    ).toEqual([...keys].sort());
  });
});

describe("the changes from one table to another", () => {
  test("are those of the maps when one was made from the other", () => {
    fc.assert(
      fc.property(edits, edits, (first, second) => {
        const before = edited(Table.empty(), first);
        const model = editedModel(new Map(), first);
        expect(sortedChanges(edited(before, second).changesFrom(before))).toEqual(
          sortedChanges(modelChanges(model, editedModel(model, second))),
        );
      }),
      { numRuns: 500 },
    );
  });

  test("are those of the maps when the two have no common past", () => {
    fc.assert(
      fc.property(edits, edits, (first, second) => {
        const changes = edited(Table.empty(), second).changesFrom(edited(Table.empty(), first));
        expect(sortedChanges(changes)).toEqual(
          sortedChanges(
            modelChanges(editedModel(new Map(), first), editedModel(new Map(), second)),
          ),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe("a table under another", () => {
  /** What is laid: an edit that removes is one that takes away. */
  function laidBy(list: readonly Edit[]): Table<number | typeof ABSENT> {
    return Table.from(list.map(([key, value]) => [key, value ?? ABSENT] as const));
  }

  const steps = fc.array(fc.tuple(edits, edits), { maxLength: 5 });

  test("has the entries that are laid, and else its own, however it came to be", () => {
    fc.assert(
      fc.property(steps, (list) => {
        let table = Table.empty<number>();
        let laid = Table.empty<number | typeof ABSENT>();
        let last: Parameters<Table<number>["under"]>[1];
        for (const [below, above] of list) {
          table = edited(table, below);
          laid = laidBy(
            [...laid, ...laidBy(above)].map(([key, value]) => [
              key,
              value === ABSENT ? undefined : value,
            ]),
          );
          const result = table.under(laid, last);
          last = { table, over: laid, result };
          const expected = edited(
            table,
            [...laid].map(([key, value]) => [key, value === ABSENT ? undefined : value]),
          );
          // In the table's own order, which tells its shape.
          expect([...result]).toEqual([...expected]);
          expect([...table.under(laid)]).toEqual([...expected]);
          expect(result.size).toBe(expected.size);
        }
      }),
    );
  });

  test("is itself when it has all that is laid, and nothing that is taken away", () => {
    const table = edited(
      Table.empty(),
      [...KEYS.entries()].map(([i, name]) => [name, i]),
    );
    const laid = laidBy([
      ["key1", table.get("key1")],
      ["no such key", undefined],
    ]);
    expect(table.under(laid)).toBe(table);
  });

  test("is what it was when a later entry below makes no difference", () => {
    const table = edited(
      Table.empty(),
      [...KEYS.entries()].map(([i, name]) => [name, i]),
    );
    const over = laidBy([
      ["key1", 7],
      ["key2", undefined],
    ]);
    const result = table.under(over);
    const later = table.with("key1", 8).with("key2", 9);
    expect(later.under(over, { table, over, result })).toBe(result);
  });
});
