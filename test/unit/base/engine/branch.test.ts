/** What an engine computes on the side: as if it were in force, and without a trace where it is not. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Engine, type EngineOptions } from "../../../../src/base/engine/engine.js";
import { Table } from "../../../../src/base/table/table.js";

type Inputs = Table<number>;

/** A computation by all operators that remember. */
function pipeline(engine: Engine): (inputs: Inputs, offset: number) => object {
  const shifted = engine.derive<[number], [number], number>("shifted", (_, [n = 0], by) => n + by);
  const groups = engine.group<number>("groups", (n) => [n % 2 === 0 ? "even" : "odd"]);
  const total = engine.memo("total", (members: Table<number>) =>
    [...members.values()].reduce((a, b) => a + b, 0),
  );
  const totals = engine.lookUp<Table<number>, [], [], number>("totals", (_, [members]) =>
    total(members),
  );
  const count = engine.fold<number, number>("count", 0, (n, changes) =>
    changes.reduce(
      (sum, { before, after }) => sum + Number(after !== undefined) - Number(before !== undefined),
      n,
    ),
  );
  const flat = engine.flatten<number>("flat");
  const over = engine.overlay<number>();
  const together = engine.latestFields(
    "together",
    { all: true, sums: true, rows: true },
    (all: { readonly all: Inputs; readonly sums: Inputs; readonly rows: number }) => ({
      entries: [...all.all.sorted(), ...all.sums.sorted()],
      rows: all.rows,
    }),
  );
  const rowOf = engine.rowFinder<number>();
  const found = ["even", "odd"].map((key) => rowOf(key));
  return engine.latest("result", (inputs: Inputs, offset: number) => {
    const grouped = groups(shifted([inputs], offset));
    const sums = totals([grouped]);
    const all = over(flat(grouped), sums);
    return {
      ...together({ all, sums, rows: count(inputs) }),
      found: found.map((find) => find(sums)),
    };
  });
}

const inputs = fc
  .dictionary(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: 0, max: 9 }))
  .map((rows): Inputs => Table.from(Object.entries(rows)));
const offset = fc.integer({ min: 0, max: 1 });
const both = fc.tuple(inputs, offset);

/** An engine, and how many rows it has computed since it was last asked. */
function countingEngine(options: EngineOptions = {}): { engine: Engine; computed: () => number } {
  let count = 0;
  const engine = new Engine({ ...options, record: () => count++ });
  return {
    engine,
    computed: () => {
      const before = count;
      count = 0;
      return before;
    },
  };
}

describe("a branch", () => {
  test("gives what would be if its inputs were in force, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), both)), (steps) => {
        const engine = new Engine();
        const run = pipeline(engine);
        const branch = engine.branch();
        for (const [isAside, given] of steps) {
          const result = isAside ? branch(() => run(...given)) : run(...given);
          expect(result).toEqual(pipeline(new Engine({ memo: false }))(...given));
        }
      }),
    );
  });

  test("leaves no trace: the same is computed afterwards, and the same kept, as without it", () => {
    const steps = fc.array(fc.tuple(both, fc.array(both, { maxLength: 2 })), { maxLength: 6 });
    fc.assert(
      fc.property(steps, (list) => {
        const [one, other] = [countingEngine(), countingEngine()];
        const [run, runAlone] = [pipeline(one.engine), pipeline(other.engine)];
        const branch = one.engine.branch();
        for (const [given, supposed] of list) {
          const result = run(...given);
          runAlone(...given);
          expect(one.computed()).toBe(other.computed());
          for (const each of supposed) branch(() => run(...each));
          one.computed();
          expect(run(...given)).toBe(result);
        }
      }),
    );
  });

  test("begins with what is remembered, and goes on with what it remembered itself", () => {
    const { engine, computed } = countingEngine();
    const run = pipeline(engine);
    const table = Table.from(Array.from({ length: 100 }, (_, i) => [`${i}`, 2 * i] as const));
    run(table, 0);
    const whole = computed();
    const branch = engine.branch();
    const edited = table.with("7", 0);
    const supposed = branch(() => run(edited, 0));
    expect(computed()).toBeLessThan(whole / 10);
    run(table.with("8", 0), 0);
    computed();
    expect(branch(() => run(edited, 0))).toBe(supposed);
    expect(computed()).toBe(0);
  });

  test("is left as it was entered when its work throws", () => {
    const { engine, computed } = countingEngine();
    const run = pipeline(engine);
    const table = Table.from([["a", 1]]);
    const result = run(table, 0);
    computed();
    const fail = (): never => {
      run(table, 1);
      throw new RangeError("no");
    };
    expect(() => engine.branch()(fail)).toThrow(RangeError);
    computed();
    expect(run(table, 0)).toBe(result);
    expect(computed()).toBe(0);
    expect(engine.isAside).toBe(false);
  });

  test("is not run within another", () => {
    const engine = new Engine();
    const [one, other] = [engine.branch(), engine.branch()];
    expect(() => one(() => other(() => 1))).toThrow(TypeError);
  });
});

test.each([true, false])("history has a course of its own in a branch, with memo %s", (memo) => {
  const engine = new Engine({ memo });
  const last = engine.kept("nothing");
  const branch = engine.branch();
  last.set("real");
  branch(() => {
    expect(last.get()).toBe("real");
    last.set("supposed");
  });
  expect(last.get()).toBe("real");
  expect(branch(() => last.get())).toBe("supposed");
});
