/** Groups of rows: tables of tables, by the key of the group and then of the row. */
import { Table } from "../table/table.js";
import { ABSENT } from "../table/trie.js";

/** Edits of the members of groups, gathered first so that each group is edited once. */
export class GroupEdits<V> {
  readonly #byGroup = new Map<string, (readonly [string, V | typeof ABSENT])[]>();

  /** Has an entry set in each of the groups at `groupKeys`. */
  set(groupKeys: Iterable<string>, key: string, value: V): void {
    for (const groupKey of groupKeys) this.#add(groupKey, [key, value]);
  }

  /** Has an entry taken out of each of the groups at `groupKeys`. */
  remove(groupKeys: Iterable<string>, key: string): void {
    for (const groupKey of groupKeys) this.#add(groupKey, [key, ABSENT]);
  }

  #add(groupKey: string, edit: readonly [string, V | typeof ABSENT]): void {
    const edits = this.#byGroup.get(groupKey);
    if (edits === undefined) this.#byGroup.set(groupKey, [edit]);
    else edits.push(edit);
  }

  /** The keys of the groups that are edited. */
  groups(): Iterable<string> {
    return this.#byGroup.keys();
  }

  /** The groups after these edits. A group that becomes empty is gone. */
  appliedTo(groups: Table<Table<V>>): Table<Table<V>> {
    const edits: (readonly [string, Table<V> | typeof ABSENT])[] = [];
    for (const [groupKey, members] of this.#byGroup) {
      const group = (groups.get(groupKey) ?? Table.empty<V>()).edited(members);
      edits.push([groupKey, group.size === 0 ? ABSENT : group]);
    }
    return groups.edited(edits);
  }
}

/** The value of the smallest key; undefined when there is no table or it is empty. */
export function firstByKey<V>(table: Table<V> | undefined): V | undefined {
  let first: { readonly key: string; readonly value: V } | undefined;
  table?.forEach((value, key) => {
    if (first === undefined || key < first.key) first = { key, value };
  });
  return first?.value;
}
