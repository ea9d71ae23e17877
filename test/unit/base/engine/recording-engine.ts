/** An engine that says what it recomputes, and what tests of it look at. */
import { Engine } from "../../../../src/base/engine/engine.js";
import { Table } from "../../../../src/base/table/table.js";

/** A value that is another object when it is made anew. */
export interface Row {
  readonly text: string;
}

type Recorded = readonly [operator: string, key: string];

/** An engine and what it has recomputed since it was last asked. */
export function recordingEngine(): { engine: Engine; recorded: () => readonly Recorded[] } {
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

/** The rows of a table, by key. */
export const sorted = <V>(table: Table<V>): readonly (readonly [string, V])[] => table.sorted();
/** The groups of a table, and their rows, by key. */
export const sortedGroups = <V>(table: Table<Table<V>>): readonly (readonly [string, unknown])[] =>
  table.sorted().map(([key, group]) => [key, group.sorted()]);

export const numbers = Table.from([
  ["a", 1],
  ["b", 2],
]);
