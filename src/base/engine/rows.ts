/** Tables row by row, as the operators of the engine make them. */
import { Table } from "../table/table.js";
import { ABSENT } from "../table/trie.js";

/** The table with the rows at these keys, or without; a row that it has stays when the new one is equal to it. */
export function withRows<R>(
  table: Table<R>,
  keys: Iterable<string>,
  rowAt: (key: string) => R | undefined,
  equal: (a: R, b: R) => boolean,
): Table<R> {
  const edits: (readonly [string, R | typeof ABSENT])[] = [];
  for (const key of keys) {
    const old = table.get(key);
    const row = rowAt(key);
    if (row === undefined) {
      if (old !== undefined) edits.push([key, ABSENT]);
    } else if (old === undefined || !equal(old, row)) edits.push([key, row]);
  }
  return table.edited(edits);
}

/** The keys of some tables. */
export function allKeys(tables: readonly Table<unknown>[]): Set<string> {
  const keys = new Set<string>();
  for (const table of tables) table.forEach((_value, key) => keys.add(key));
  return keys;
}

/** The keys at which tables differ from what they were. */
export function changedKeys(
  now: readonly Table<unknown>[],
  before: readonly Table<unknown>[],
): Set<string> {
  const keys = new Set<string>();
  for (const [i, table] of now.entries()) {
    for (const change of table.changesFrom(before[i] ?? Table.empty())) keys.add(change.key);
  }
  return keys;
}
