/** Tables row by row, as the operators of the engine make them. */
import { Table } from "./table.js";

/** The table of the rows at these keys. */
export function tableOf<R>(
  keys: Iterable<string>,
  rowAt: (key: string) => R | undefined,
): Table<R> {
  const entries: (readonly [string, R])[] = [];
  for (const key of keys) {
    const row = rowAt(key);
    if (row !== undefined) entries.push([key, row]);
  }
  return Table.from(entries);
}

/** The table with a row, or without one; the row that it has stays when the new one is equal to it. */
export function withRow<R>(
  table: Table<R>,
  key: string,
  row: R | undefined,
  equal: (a: R, b: R) => boolean,
): Table<R> {
  if (row === undefined) return table.without(key);
  const old = table.get(key);
  return old !== undefined && equal(old, row) ? table : table.with(key, row);
}

/** The keys of tables, and of what was made of them. */
export function allKeys(
  tables: readonly Table<unknown>[],
  result: Table<unknown> | undefined,
): Set<string> {
  const keys = new Set<string>(result?.keys());
  for (const table of tables) for (const key of table.keys()) keys.add(key);
  return keys;
}

/** The keys at which tables differ from what they were. */
export function changedKeys(
  now: readonly Table<unknown>[],
  before: readonly Table<unknown>[],
): Set<string> {
  const keys = new Set<string>();
  now.forEach((table, i) => {
    for (const change of table.changesFrom(before[i] ?? Table.empty())) keys.add(change.key);
  });
  return keys;
}
