/** Finds the row of a key in version after version of a table. */

import type { Table } from "../table/table.js";
import type { Cell } from "./memory.js";
import { changedKeys } from "./rows.js";

/** Makes places in which something is remembered. What is in them may be forgotten. */
type Places = <T>() => Cell<T | undefined>;

/** From one version of a table to the next: the keys at which they differ. */
interface Step<V> {
  readonly before: Table<V> | undefined;
  readonly table: Table<V>;
  readonly changed: ReadonlySet<string>;
}

interface Found<V> {
  readonly table: Table<V>;
  readonly row: V | undefined;
}

/** See Engine.rowFinder. */
export function rowFinder<V>(place: Places): (key: string) => (table: Table<V>) => V | undefined {
  const lastStep = place<Step<V>>();
  const stepTo = (table: Table<V>): Step<V> => {
    const last = lastStep.get();
    if (last?.table === table) return last;
    const changed = last === undefined ? [] : changedKeys([table], [last.table]);
    const step = { before: last?.table, table, changed: new Set(changed) };
    lastStep.set(step);
    return step;
  };
  return (key) => {
    const lastFound = place<Found<V>>();
    return (table) => {
      const last = lastFound.get();
      if (last?.table === table) return last.row;
      const { before, changed } = stepTo(table);
      const isSame = last !== undefined && last.table === before && !changed.has(key);
      const row = isSame ? last.row : table.get(key);
      lastFound.set({ table, row });
      return row;
    };
  };
}
