/**
 * The incremental engine: pure functions that remember.
 *
 * Everything between files and Envoy resources is one synchronous function of the current configuration, run again after
 * every change. It is fast because the operators made here remember their last inputs and outputs and recompute only the
 * rows whose inputs are not `===` to last time's; it is correct because there is no other mechanism: no events between
 * stages, no invalidation, no table of what affects what.
 *
 * Rules for the functions given to an operator:
 * - they are pure, and read nothing but their arguments (a forgotten input shows as stale output; the property test that
 *   compares with `memo: false` finds it);
 * - they return `undefined` for "no row here";
 * - their results are immutable.
 *
 * When a recomputed row is equal to the one before (`equal`, by default `===`), the old object is kept, so that what is
 * built on it is not recomputed either.
 */
import { firstByKey, withMember, withoutMember } from "./grouping.js";
import { MemoNode } from "./memo-node.js";
import { type Change, Table } from "./table.js";
import type { ABSENT } from "./trie.js";

/** Called for every row that an operator computes; tests assert what an edit recomputed. */
export type Recorder = (operator: string, key: string) => void;

/** Options of an engine. */
export interface EngineOptions {
  /** false switches all remembering off: the same results, slowly. */
  readonly memo?: boolean;
  readonly record?: Recorder;
}

type TablesOf<Rows extends readonly unknown[]> = { readonly [I in keyof Rows]: Table<Rows[I]> };
type RowsOf<Rows extends readonly unknown[]> = {
  readonly [I in keyof Rows]: Rows[I] | undefined;
};

/** A remembered function from tables (and context) to a table. */
export type Derivation<Rows extends readonly unknown[], Context extends readonly unknown[], R> = (
  tables: TablesOf<Rows>,
  ...context: Context
) => Table<R>;

/** How a derived row is computed: the row of each source table at that key, then the context. */
export type RowFunction<Rows extends readonly unknown[], Context extends readonly unknown[], R> = (
  key: string,
  rows: RowsOf<Rows>,
  ...context: Context
) => R | undefined;

/** At which keys a derivation has rows. */
interface RowSelection<Rows extends readonly unknown[]> {
  /** Where there may be rows, and where there were. */
  readonly keysOf: (tables: TablesOf<Rows>, result: Table<unknown> | undefined) => Set<string>;
  readonly exists: (rows: RowsOf<Rows>) => boolean;
}

function sameArray(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  // Asked several times for each proxy after each edit: a callback for each element is what it would cost most.
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function hasFields<I extends object>(
  input: I,
  fields: readonly (keyof I)[],
  values: readonly unknown[],
): boolean {
  return fields.every((field, i) => input[field] === values[i]);
}

/** Whether two arrays hold the same objects in the same order. */
export function sameElements<T>(a: readonly T[], b: readonly T[]): boolean {
  return sameArray(a, b);
}

/** A table, and what was made of its rows. */
export interface Folded<V, R> {
  readonly table: Table<V>;
  readonly result: R;
}

const identical = (a: unknown, b: unknown): boolean => a === b;

/** What the recorder is told of a call: the strings among its arguments. */
const keyOf = (args: readonly unknown[]): string =>
  args.filter((argument) => typeof argument === "string").join(" ");

/** Makes the remembering operators. One engine serves one control plane. */
export class Engine {
  readonly #memo: boolean;
  readonly #record: Recorder | undefined;

  constructor(options: EngineOptions = {}) {
    this.#memo = options.memo ?? true;
    this.#record = options.record;
  }

  /**
   * A function remembered by its arguments for as long as they live. Objects are held weakly and compared by identity,
   * other arguments by value; give an object first, so that the rest is forgotten with it. `name` is for the recorder,
   * with the strings among the arguments as the key.
   */
  memo<A extends readonly unknown[], R>(
    name: string,
    compute: (...args: A) => R,
  ): (...args: A) => R {
    const root = new MemoNode();
    return (...args) => {
      let node = root;
      if (this.#memo) {
        for (const argument of args) node = node.next(argument);
        if (node.result !== undefined) return node.result.value as R;
      }
      this.#record?.(name, keyOf(args));
      const value = compute(...args);
      if (this.#memo) node.result = { value };
      return value;
    };
  }

  /**
   * A function of an object, remembered by the values of the object's fields: like `memo`, for functions of many inputs.
   * `fields` names all that `compute` reads, an object first.
   */
  memoFields<I extends object, R>(
    name: string,
    fields: readonly (keyof I & string)[],
    compute: (input: I) => R,
  ): (input: I) => R {
    const root = new MemoNode();
    return (input) => {
      let node = root;
      if (this.#memo) {
        for (const field of fields) node = node.next(input[field]);
        if (node.result !== undefined) return node.result.value as R;
      }
      this.#record?.(name, keyOf(fields.map((field) => input[field])));
      const value = compute(input);
      if (this.#memo) node.result = { value };
      return value;
    };
  }

  /** A function that remembers its last call alone: for one caller, who asks for the same again and again. */
  latest<A extends readonly unknown[], R>(
    name: string,
    compute: (...args: A) => R,
  ): (...args: A) => R {
    let last: { readonly args: A; readonly value: R } | undefined;
    return (...args) => {
      if (last !== undefined && sameArray(last.args, args)) return last.value;
      this.#record?.(name, keyOf(args));
      const value = compute(...args);
      if (this.#memo) last = { args, value };
      return value;
    };
  }

  /** As `latest`, for a function of an object: its last call is remembered by the values of these fields, all that it reads. */
  latestFields<I extends object, R>(
    name: string,
    fields: readonly (keyof I & string)[],
    compute: (input: I) => R,
  ): (input: I) => R {
    let last: { readonly values: readonly unknown[]; readonly value: R } | undefined;
    return (input) => {
      if (last !== undefined && hasFields(input, fields, last.values)) return last.value;
      // The input itself is not kept: it may be a whole mesh, of which only these fields are of interest.
      const values = fields.map((field) => input[field]);
      this.#record?.(name, keyOf(values));
      const value = compute(input);
      if (this.#memo) last = { values, value };
      return value;
    };
  }

  /**
   * A table whose row at a key is computed from the rows of the source tables at the same key. After a change only the
   * keys that changed in a source are computed again; a changed context computes all of them.
   */
  derive<Rows extends readonly unknown[], Context extends readonly unknown[], R>(
    name: string,
    compute: RowFunction<Rows, Context, R>,
    equal: (a: R, b: R) => boolean = identical,
  ): Derivation<Rows, Context, R> {
    return this.#derivation(name, compute, equal, {
      keysOf: (tables, result) => allKeys(tables, result),
      exists: (rows) => rows.some((value) => value !== undefined),
    });
  }

  /**
   * As `derive`, where the first table says which rows there are: at other keys the others are not looked at. So the first
   * time costs what the first table has, however much the others have.
   */
  lookUp<First, Rows extends readonly unknown[], Context extends readonly unknown[], R>(
    name: string,
    compute: (
      key: string,
      rows: readonly [First, ...RowsOf<Rows>],
      ...context: Context
    ) => R | undefined,
    equal: (a: R, b: R) => boolean = identical,
  ): Derivation<[First, ...Rows], Context, R> {
    const row = compute as RowFunction<[First, ...Rows], Context, R>;
    return this.#derivation(name, row, equal, {
      keysOf: ([first], result) => allKeys([first], result),
      exists: ([first]) => first !== undefined,
    });
  }

  #derivation<Rows extends readonly unknown[], Context extends readonly unknown[], R>(
    name: string,
    compute: RowFunction<Rows, Context, R>,
    equal: (a: R, b: R) => boolean,
    { keysOf, exists }: RowSelection<Rows>,
  ): Derivation<Rows, Context, R> {
    let last:
      | { readonly tables: TablesOf<Rows>; readonly context: Context; readonly result: Table<R> }
      | undefined;
    return (tables, ...context) => {
      const keys =
        last !== undefined && sameArray(last.context, context)
          ? changedKeys(tables, last.tables)
          : keysOf(tables, last?.result);
      const rowAt = (key: string): R | undefined => {
        this.#record?.(name, key);
        const rows = tables.map((table) => table.get(key)) as unknown as RowsOf<Rows>;
        return exists(rows) ? compute(key, rows, ...context) : undefined;
      };
      let result = last?.result;
      if (result === undefined) result = tableOf(keys, rowAt);
      else for (const key of keys) result = withRow(result, key, rowAt(key), equal);
      if (this.#memo) last = { tables, context, result };
      return result;
    };
  }

  /**
   * The rows of a table under other keys: `keysOf` says where a row belongs (none, one or several keys), and each group
   * is the table of its rows under their old keys. A group that becomes empty is gone.
   */
  group<V>(
    name: string,
    keysOf: (value: V, key: string) => Iterable<string>,
  ): (table: Table<V>) => Table<Table<V>> {
    let last: { readonly source: Table<V>; readonly result: Table<Table<V>> } | undefined;
    return (table) => {
      let result = last?.result ?? Table.empty<Table<V>>();
      for (const { key, before, after } of table.changesFrom(last?.source ?? Table.empty())) {
        this.#record?.(name, key);
        if (before !== undefined) result = withoutMember(result, keysOf(before, key), key);
        if (after !== undefined) result = withMember(result, keysOf(after, key), key, after);
      }
      if (this.#memo) last = { source: table, result };
      return result;
    };
  }

  /**
   * What is made of a table's rows one by one, in any order: after a change `step` is given the rows that changed. The
   * first time it begins with nothing, or with what was made of another table already.
   */
  fold<V, R>(
    name: string,
    empty: R,
    step: (result: R, change: Change<V>) => R,
  ): (table: Table<V>, from?: Folded<V, R>) => R {
    let last: Folded<V, R> | undefined;
    return (table, from) => {
      const before = last ?? (this.#memo ? from : undefined);
      let result = before?.result ?? empty;
      for (const change of table.changesFrom(before?.table ?? Table.empty())) {
        this.#record?.(name, change.key);
        result = step(result, change);
      }
      if (this.#memo) last = { table, result };
      return result;
    };
  }

  /**
   * One table of the rows of many: each source row is a table, and their entries are put together. Where several have
   * an entry at the same key, that of the smallest source key stands.
   */
  flatten<V>(name: string): (table: Table<Table<V>>) => Table<V> {
    let last:
      | {
          readonly source: Table<Table<V>>;
          readonly owners: Table<Table<V>>;
          readonly result: Table<V>;
        }
      | undefined;
    return (source) => {
      let owners = last?.owners ?? Table.empty<Table<V>>();
      let result = last?.result ?? Table.empty<V>();
      for (const outer of source.changesFrom(last?.source ?? Table.empty())) {
        const inner = outer.after ?? Table.empty<V>();
        for (const { key, after } of inner.changesFrom(outer.before ?? Table.empty())) {
          this.#record?.(name, key);
          owners =
            after === undefined
              ? withoutMember(owners, [key], outer.key)
              : withMember(owners, [key], outer.key, after);
          result = withRow(result, key, firstByKey(owners.get(key)), identical);
        }
      }
      if (this.#memo) last = { source, owners, result };
      return result;
    };
  }

  /**
   * A table with the entries of another laid over it; one that is `ABSENT` there takes the entry away. It shares the first
   * one's memory, and after a change only what changed in either is laid anew.
   */
  overlay<V>(): (table: Table<V>, over: Table<V | typeof ABSENT>) => Table<V> {
    let last: { table: Table<V>; over: Table<V | typeof ABSENT>; result: Table<V> } | undefined;
    return (table, over) => {
      const result = table.under(over, last);
      if (this.#memo) last = { table, over, result };
      return result;
    };
  }

  /** The last value for as long as `equal` says that a new one is no different. */
  settle<V>(equal: (a: V, b: V) => boolean): (value: V) => V {
    let last: { readonly value: V } | undefined;
    return (value) => {
      if (this.#memo && last !== undefined && equal(last.value, value)) return last.value;
      last = { value };
      return value;
    };
  }
}

/** The table of the rows at these keys. */
function tableOf<R>(keys: Iterable<string>, rowAt: (key: string) => R | undefined): Table<R> {
  const entries: (readonly [string, R])[] = [];
  for (const key of keys) {
    const row = rowAt(key);
    if (row !== undefined) entries.push([key, row]);
  }
  return Table.from(entries);
}

function withRow<R>(
  table: Table<R>,
  key: string,
  row: R | undefined,
  equal: (a: R, b: R) => boolean,
): Table<R> {
  if (row === undefined) return table.without(key);
  const old = table.get(key);
  return old !== undefined && equal(old, row) ? table : table.with(key, row);
}

function allKeys(
  tables: readonly Table<unknown>[],
  result: Table<unknown> | undefined,
): Set<string> {
  const keys = new Set<string>(result?.keys());
  for (const table of tables) for (const key of table.keys()) keys.add(key);
  return keys;
}

function changedKeys(
  now: readonly Table<unknown>[],
  before: readonly Table<unknown>[],
): Set<string> {
  const keys = new Set<string>();
  now.forEach((table, i) => {
    for (const change of table.changesFrom(before[i] ?? Table.empty())) keys.add(change.key);
  });
  return keys;
}

/** `table` with the entries of a small one laid over it; shares all that they do not touch. */
export function overlay<V>(table: Table<V>, entries: Iterable<readonly [string, V]>): Table<V> {
  let result = table;
  for (const [key, value] of entries) result = result.with(key, value);
  return result;
}
