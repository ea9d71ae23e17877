import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createNamePool } from "../../../src/xds/state/subscription/name-pool.js";
import { type NameSet, sameNames } from "../../../src/xds/state/subscription/name-set.js";

const SEED = 7;
const name = fc.nat(300).map((i) => `name${i}`);
const names = fc.array(name, { maxLength: 100 });
const edits = fc.array(fc.record({ added: names, taken: fc.array(name, { maxLength: 8 }) }), {
  maxLength: 8,
});

const sorted = (set: Iterable<string>): readonly string[] => [...set].sort();

describe("an edited set of names", () => {
  test("is the set that edits of a plain one lead to", () => {
    fc.assert(
      fc.property(names, edits, (first, list) => {
        const pool = createNamePool(SEED);
        let set: NameSet = pool.shared(new Set(first));
        let model = new Set(first);
        for (const { added, taken } of list) {
          const before = new Set(model);
          // What is taken is what was there before the edit.
          model = new Set([...before].filter((one) => !taken.includes(one)));
          for (const one of added) if (!before.has(one)) model.add(one);
          set = pool.edited(set, added, taken);
          expect(sorted(set)).toEqual(sorted(model));
          expect(set.size).toBe(model.size);
          expect(sorted(model).every((one) => set.has(one))).toBe(true);
          expect(taken.filter((one) => !model.has(one)).some((one) => set.has(one))).toBe(false);
        }
      }),
    );
  });

  test("is the object that an equal set is, whichever edits led to either", () => {
    fc.assert(
      fc.property(name, names, names, (some, others, second) => {
        const first = [some, ...others];
        const pool = createNamePool(SEED);
        const all = pool.shared(new Set([...first, ...second]));
        const one = pool.edited(pool.shared(new Set(first)), second, []);
        const other = pool.edited(pool.shared(new Set(second)), first, []);
        const back = pool.edited(pool.edited(all, [], [some]), [some], []);
        expect([one, other, back].map((set) => set === all)).toEqual([true, true, true]);
      }),
    );
  });

  test("is another object where a name is different", () => {
    const pool = createNamePool(SEED);
    const set = pool.shared(new Set(["a", "b"]));
    expect(sameNames(pool.edited(set, ["c"], ["a"]), new Set(["b", "c"]))).toBe(true);
    expect(pool.edited(set, ["c"], ["a"])).not.toBe(set);
    expect(pool.edited(set, ["a"], ["c"])).toBe(set);
  });

  test("that was edited twice by the same is one object", () => {
    const pool = createNamePool(SEED);
    const set = pool.shared(new Set(["a", "b"]));
    expect(pool.edited(set, ["c", "c"], ["a", "a"])).toBe(pool.edited(set, ["c"], ["a"]));
  });
});
