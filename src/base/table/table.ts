/**
 * An immutable map from strings to values whose versions share what did not change.
 *
 * A Table is a hash trie, 32 ways a level. Its shape depends on its contents alone, never on the order of the edits that
 * led to them, so two equal tables iterate alike. `with` and `without` copy one path; `changes` walks two tables and
 * enters only the branches that differ. So the cost of a change, and of finding it again, is in proportion to the
 * change, whatever the size of the table. A table that many extend by little (`extended`) stays a layer of theirs.
 */
import { byKey } from "../text/compare-text.js";
import { RecentComparisons } from "./recent-comparisons.js";
import {
  ABSENT,
  type Change,
  FEW,
  find,
  hashOf,
  insert,
  type Leaf,
  lay,
  leavesOf,
  type Node,
  nodeOf,
  remove,
  sizeOf,
  visit,
} from "./trie.js";

export type { Change } from "./trie.js";

const NONE: readonly Change<never>[] = [];

/** A table of the mesh is compared with the one before it by each scope, one after the other. */
const comparisons = new RecentComparisons();

/** Two tables without a common key, of which another is made. */
export interface Layers<V> {
  readonly base: Table<V>;
  readonly top: Table<V>;
}

/** See the top of this file. Values are compared with `===`; `undefined` is no value. */
export class Table<V> {
  /** Undefined in a layered table, until all of it in order is asked for. */
  #nodes: Node<V> | undefined;
  /** What `extended` made this table of; undefined in any other. */
  readonly layers: Layers<V> | undefined;

  private constructor(root: Node<V> | undefined, layers?: Layers<V>) {
    this.#nodes = root;
    this.layers = layers;
  }

  static readonly #empty = new Table<never>(undefined);

  /** The table without entries: always the same object. */
  static empty<V>(): Table<V> {
    return Table.#empty;
  }

  /** An empty table that is an object of its own, as a marker. */
  static mark<V>(): Table<V> {
    return new Table<V>(undefined);
  }

  /** The table of these entries; a later entry of the same key wins. */
  static from<V>(entries: Iterable<readonly [string, V]>): Table<V> {
    const leaves: Leaf<V>[] = [];
    for (const [key, value] of entries) leaves.push({ hash: hashOf(key), key, value });
    return leaves.length === 0 ? Table.empty() : new Table(nodeOf(leaves));
  }

  /**
   * The table of what `rowOf` makes of the rows that some tables have at a key, for each key of the first `leading` tables.
   * Where it makes nothing there is no entry.
   */
  static derived<R>(
    tables: readonly Table<unknown>[],
    leading: number,
    rowOf: (key: string, rows: readonly unknown[]) => R | undefined,
  ): Table<R> {
    const roots = tables.map((table) => table.#root);
    const leaves: Leaf<R>[] = [];
    roots.slice(0, leading).forEach((root, i) => {
      visit(root, ({ hash, key, value: own }) => {
        const rows = roots.map((other, j) => (j === i ? own : find(other, hash, key)));
        // Such a key was there in an earlier table.
        if (i > 0 && rows.findIndex((row) => row !== undefined) < i) return;
        const value = rowOf(key, rows);
        if (value !== undefined) leaves.push({ hash, key, value });
      });
    });
    return leaves.length === 0 ? Table.empty() : new Table(nodeOf(leaves));
  }

  /**
   * This table with the entries of another that has none of its keys. The two stay layers: making the table costs nothing, a
   * look-up looks in both, and they are joined once somebody reads all of it in order.
   */
  extended(top: Table<V>): Table<V> {
    if (top.size === 0) return this;
    return this.size === 0 ? top : new Table<V>(undefined, { base: this, top });
  }

  /** All entries in one trie. */
  get #root(): Node<V> | undefined {
    if (this.#nodes === undefined && this.layers !== undefined) {
      const { base, top } = this.layers;
      let nodes = base.#root;
      visit(top.#root, (leaf) => {
        nodes = insert(nodes, leaf, 0);
      });
      this.#nodes = nodes;
    }
    return this.#nodes;
  }

  /** The number of entries. */
  get size(): number {
    if (this.layers === undefined) return sizeOf(this.#nodes);
    return this.layers.base.size + this.layers.top.size;
  }

  /** The value at a key, or undefined. */
  get(key: string): V | undefined {
    // Many tables are looked up in before they have anything, and hashing a key is most of what that costs.
    if (this.#nodes === undefined && this.layers === undefined) return undefined;
    return this.#find(hashOf(key), key);
  }

  #find(hash: number, key: string): V | undefined {
    if (this.layers === undefined) return find(this.#nodes, hash, key);
    return this.layers.base.#find(hash, key) ?? this.layers.top.#find(hash, key);
  }

  /** Whether a key has a value. */
  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** This table with one entry set; the same object when it has that very value already. */
  with(key: string, value: V): Table<V> {
    const root = insert(this.#root, { hash: hashOf(key), key, value }, 0);
    return root === this.#root ? this : new Table(root);
  }

  /** This table without an entry; the same object when there is none. */
  without(key: string): Table<V> {
    if (this.#root === undefined) return this;
    const root = remove(this.#root, hashOf(key), key, 0);
    if (root === this.#root) return this;
    return root === undefined ? Table.empty() : new Table(root);
  }

  /** This table after some edits, one after the other. `ABSENT` removes an entry. */
  edited(edits: readonly (readonly [string, V | typeof ABSENT])[]): Table<V> {
    if (edits.length > FEW) return this.under(Table.from(edits));
    return edits.reduce<Table<V>>(
      (table, [key, value]) => (value === ABSENT ? table.without(key) : table.with(key, value)),
      this,
    );
  }

  /**
   * This table with the entries of another laid over it; `ABSENT` removes an entry. Given the last result, it costs what changed
   * since then, and shares the rest with that result.
   */
  under(
    over: Table<V | typeof ABSENT>,
    last?: {
      readonly table: Table<V>;
      readonly over: Table<V | typeof ABSENT>;
      readonly result: Table<V>;
    },
  ): Table<V> {
    const before = last && {
      under: last.table.#root,
      over: last.over.#root,
      result: last.result.#root,
    };
    const root = lay(this.#root, over.#root, 0, before);
    if (root === this.#root) return this;
    if (last !== undefined && root === last.result.#root) return last.result;
    return root === undefined ? Table.empty() : new Table(root);
  }

  /** Calls `each` for every entry, in the order of the keys' hashes. */
  forEach(each: (value: V, key: string) => void): void {
    visit(this.#root, (leaf) => {
      each(leaf.value, leaf.key);
    });
  }

  /** The entries in the order of their keys' hashes, which is the same for equal contents and means nothing. */
  *[Symbol.iterator](): Generator<readonly [string, V]> {
    for (const leaf of leavesOf(this.#root)) yield [leaf.key, leaf.value];
  }

  /** The values, in the table's order. */
  *values(): Generator<V> {
    for (const leaf of leavesOf(this.#root)) yield leaf.value;
  }

  /** The keys, in the table's order. */
  *keys(): Generator<string> {
    for (const leaf of leavesOf(this.#root)) yield leaf.key;
  }

  /** The entries sorted by key (code units), for output that people or hashes read. */
  sorted(): readonly (readonly [string, V])[] {
    return [...this].sort(byKey);
  }

  /** The changes from `before` to this table, in an order that means nothing. */
  changesFrom(before: Table<V>): readonly Change<V>[] {
    if (before === this) return NONE;
    if (this.layers !== undefined) {
      const { base, top } = this.layers;
      if (before === base) return top.changesFrom(Table.empty());
      const both =
        before.layers &&
        changesOfBoth(base.changesFrom(before.layers.base), top.changesFrom(before.layers.top));
      if (both !== undefined) return both;
    }
    return before.#root === this.#root ? NONE : comparisons.changes(before.#root, this.#root);
  }
}

/** Both lists of changes; undefined if a key is in both, which went from one layer to the other. */
function changesOfBoth<V>(
  first: readonly Change<V>[],
  second: readonly Change<V>[],
): readonly Change<V>[] | undefined {
  if (second.length === 0) return first;
  const keys = new Set(second.map(({ key }) => key));
  return first.some(({ key }) => keys.has(key)) ? undefined : [...first, ...second];
}

/** `table` with the entries of a small one laid over it; shares all that they do not touch. */
export function overlay<V>(table: Table<V>, entries: Iterable<readonly [string, V]>): Table<V> {
  let result = table;
  for (const [key, value] of entries) result = result.with(key, value);
  return result;
}
