import { Table } from "../table/table.js";
import { firstByKey, GroupEdits } from "./grouping.js";
import type { Cell } from "./memory.js";
import { withRows } from "./rows.js";

/** What is remembered: the source, for each key who has it, and the result. */
interface Flattened<V> {
  readonly source: Table<Table<V>>;
  readonly owners: Table<Table<V>>;
  readonly result: Table<V>;
}

/** See Engine.flatten; `record` is told of each key that may have another entry. */
export function flatten<V>(
  cell: Cell<Flattened<V> | undefined>,
  record: (key: string) => void,
): (table: Table<Table<V>>) => Table<V> {
  return (source) => {
    const last = cell.get();
    if (last?.source === source) return last.result;
    const edits = new GroupEdits<V>();
    for (const outer of source.changesFrom(last?.source ?? Table.empty())) {
      const inner = outer.after ?? Table.empty<V>();
      for (const { key, after } of inner.changesFrom(outer.before ?? Table.empty())) {
        record(key);
        if (after === undefined) edits.remove([key], outer.key);
        else edits.set([key], outer.key, after);
      }
    }
    const owners = edits.appliedTo(last?.owners ?? Table.empty());
    const first = (key: string): V | undefined => firstByKey(owners.get(key));
    const isSame = (a: V, b: V): boolean => a === b;
    const result = withRows(last?.result ?? Table.empty<V>(), edits.groups(), first, isSame);
    cell.set({ source, owners, result });
    return result;
  };
}
