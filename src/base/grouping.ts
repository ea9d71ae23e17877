/** Tables of tables: groups of rows, by the key of the group. */
import { Table } from "./table.js";

/** `groups` with an entry set in each of the groups at `groupKeys`. */
export function withMember<V>(
  groups: Table<Table<V>>,
  groupKeys: Iterable<string>,
  key: string,
  value: V,
): Table<Table<V>> {
  let result = groups;
  for (const groupKey of groupKeys) {
    const group = result.get(groupKey) ?? Table.empty<V>();
    result = result.with(groupKey, group.with(key, value));
  }
  return result;
}

/** `groups` without an entry of the groups at `groupKeys`; a group that becomes empty is gone. */
export function withoutMember<V>(
  groups: Table<Table<V>>,
  groupKeys: Iterable<string>,
  key: string,
): Table<Table<V>> {
  let result = groups;
  for (const groupKey of groupKeys) {
    const rest = (result.get(groupKey) ?? Table.empty<V>()).without(key);
    result = rest.size === 0 ? result.without(groupKey) : result.with(groupKey, rest);
  }
  return result;
}

/** The value of the smallest key; undefined of no table or an empty one. */
export function firstByKey<V>(table: Table<V> | undefined): V | undefined {
  let first: { readonly key: string; readonly value: V } | undefined;
  table?.forEach((value, key) => {
    if (first === undefined || key < first.key) first = { key, value };
  });
  return first?.value;
}
