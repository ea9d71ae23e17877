/** Inputs of property tests: two tables which are edited, and a number which is set, step by step. */
import fc from "fast-check";
import { expect } from "vitest";
import { Engine } from "../../../../src/base/engine/engine.js";
import { Table } from "../../../../src/base/table/table.js";

/** The keys that both tables may have. */
export const KEYS = ["a", "b", "c", "d", "e", "f"];

/** By key, the value to set; undefined removes the key. */
type Edits = Record<string, number | undefined>;

interface Step {
  readonly left: Edits;
  readonly right: Edits;
  readonly context: number;
}

/** What a computation is given. */
export interface Inputs {
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
/** Edits, one after the other. */
export const steps = fc.array(step, { minLength: 1, maxLength: 20 });

function edited(table: Table<number>, changes: Edits): Table<number> {
  return Object.entries(changes).reduce(
    (result, [key, value]) => (value === undefined ? result.without(key) : result.with(key, value)),
    table,
  );
}

/** The inputs after each step. */
export function history(list: readonly Step[]): readonly Inputs[] {
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
export function expectSameWithoutMemo(
  build: (engine: Engine) => (inputs: Inputs) => unknown,
): void {
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
export function differing(a: Table<number>, b: Table<number>): readonly string[] {
  return KEYS.filter((key) => a.get(key) !== b.get(key));
}
