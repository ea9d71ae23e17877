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

import { createHeld } from "../held.js";
import { Lazy, type Making } from "../lazy.js";
import { type Change, Table } from "../table/table.js";
import type { ABSENT } from "../table/trie.js";
import { alike } from "./alike.js";
import { type FieldNames, hasFields, keyOf, namesIn } from "./call.js";
import type { Derivation, RowFunction, RowsOf, TablesOf } from "./derivation.js";
import { flatten } from "./flatten.js";
import { GroupEdits } from "./grouping.js";
import type { MemoNode } from "./memo-node.js";
import { type Branch, type Cell, Memory, type MemoTree } from "./memory.js";
import { rowFinder } from "./row-finder.js";
import { allKeys, changedKeys, withRows } from "./rows.js";

/** Called for every row that an operator computes; tests assert what an edit recomputed. */
export type Recorder = (operator: string, key: string) => void;

/** Options of an engine. */
export interface EngineOptions {
  /** false switches all remembering off: the results are the same, only slower. */
  readonly memo?: boolean;
  readonly record?: Recorder;
}

/** Whether two arrays hold the same objects in the same order. */
export function sameElements<T>(a: readonly T[], b: readonly T[]): boolean {
  if (a.length !== b.length) return false;
  // Asked several times for each proxy after each edit: a callback for each element is what it would cost most.
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A table, and what was made of its rows. */
export interface Folded<V, R> {
  readonly table: Table<V>;
  readonly result: R;
}

const identical = (a: unknown, b: unknown): boolean => a === b;

const FORGETFUL: Cell<undefined> = { get: () => undefined, set: () => undefined };

/** Makes the remembering operators. One engine serves one control plane. */
export class Engine {
  readonly #memo: boolean;
  readonly #record: Recorder | undefined;
  readonly #memory = new Memory();

  constructor(options: EngineOptions = {}) {
    this.#memo = options.memo ?? true;
    this.#record = options.record;
  }

  /**
   * Computes something apart, as for a plan: it starts with all that the operators remember, and what they remember of the work
   * in the branch is seen in the branch alone. So trying other inputs costs what differs from the real ones, and leaves no trace.
   * The work is synchronous, and branches cannot be nested.
   */
  branch(): Branch {
    return this.#memory.branch();
  }

  /** Whether the present work is that of a branch. */
  get isAside(): boolean {
    return this.#memory.isAside;
  }

  /**
   * Tells that some time has passed: results for names and the like that nobody asked for lately may be forgotten. See MemoNode.
   */
  age(): void {
    this.#memory.age();
  }

  /** A place for history, which is no cache: it is kept even when the engine remembers nothing. A branch has its own. */
  kept<T>(initial: T): Cell<T> {
    return this.#memory.cell(initial);
  }

  /** A value that is made when it is first asked for. When a branch asks first, the value is the branch's alone. */
  lazy<T>(make: () => T): Lazy<T> {
    return new Lazy(this.#memory.cell<Making<T>>({ make }));
  }

  /** A place for what an operator remembers; it stays empty when the engine remembers nothing. */
  #remembered<T>(): Cell<T | undefined> {
    return this.#memo ? this.#memory.cell<T | undefined>(undefined) : FORGETFUL;
  }

  /** Finds where results are kept; undefined when the engine remembers nothing. */
  #tree(): (...given: Parameters<MemoTree>) => MemoNode | undefined {
    return this.#memo ? this.#memory.tree() : () => undefined;
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
    const nodeOf = this.#tree();
    return (...args) => {
      const node = nodeOf(args);
      if (node?.result !== undefined) return node.result.value as R;
      this.#record?.(name, keyOf(args));
      const value = compute(...args);
      if (node !== undefined) node.result = { value };
      return value;
    };
  }

  /**
   * A function of an object, remembered by the values of the object's fields: like `memo`, for functions of many inputs.
   * The first of the fields is an object.
   */
  memoFields<I extends object, R>(
    name: string,
    fields: FieldNames<I>,
    compute: (input: I) => R,
  ): (input: I) => R {
    const nodeOf = this.#tree();
    const names = namesIn(fields);
    return (input) => {
      const values = names.map((field) => input[field]);
      const node = nodeOf(values);
      if (node?.result !== undefined) return node.result.value as R;
      this.#record?.(name, keyOf(values));
      const value = compute(input);
      if (node !== undefined) node.result = { value };
      return value;
    };
  }

  /** A function of a text whose result is one object for as long as somebody holds it, and is forgotten after that. */
  held<R extends object>(name: string, compute: (text: string) => R): (text: string) => R {
    const recorded = (text: string): R => {
      this.#record?.(name, text);
      return compute(text);
    };
    return this.#memo ? createHeld(recorded) : recorded;
  }

  /** A function that remembers its last call only: for a single caller that asks for the same again and again. */
  latest<A extends readonly unknown[], R>(
    name: string,
    compute: (...args: A) => R,
  ): (...args: A) => R {
    const cell = this.#remembered<{ readonly args: A; readonly value: R }>();
    return (...args) => {
      const last = cell.get();
      if (last !== undefined && sameElements(last.args, args)) return last.value;
      this.#record?.(name, keyOf(args));
      const value = compute(...args);
      cell.set({ args, value });
      return value;
    };
  }

  /** As `latest`, for a function of one argument: it makes no list of arguments, as most are called once for each proxy. */
  latestOf<I, R>(name: string, compute: (input: I) => R): (input: I) => R {
    const cell = this.#remembered<{ readonly input: I; readonly value: R }>();
    return (input) => {
      const last = cell.get();
      if (last !== undefined && last.input === input) return last.value;
      this.#record?.(name, typeof input === "string" ? input : "");
      const value = compute(input);
      cell.set({ input, value });
      return value;
    };
  }

  /**
   * Makes finders, each of which looks up one key in version after version of a table. All finders share the list of keys that
   * changed from one version to the next; one whose key is not on it keeps its row without a look-up.
   */
  rowFinder<V>(): (key: string) => (table: Table<V>) => V | undefined {
    return rowFinder<V>(() => this.#remembered());
  }

  /** As `latest`, for a function of an object: its last call is remembered by the values of the fields that it reads. */
  latestFields<I extends object, R>(
    name: string,
    fields: FieldNames<I>,
    compute: (input: I) => R,
  ): (input: I) => R {
    const cell = this.#remembered<{ readonly values: readonly unknown[]; readonly value: R }>();
    const names = namesIn(fields);
    return (input) => {
      const last = cell.get();
      if (last !== undefined && hasFields(input, names, last.values)) return last.value;
      // The input itself is not kept: it may be a whole mesh, of which only these fields are of interest.
      const values = names.map((field) => input[field]);
      this.#record?.(name, keyOf(values));
      const value = compute(input);
      cell.set({ values, value });
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
    return this.#derivation(name, compute, equal, Number.POSITIVE_INFINITY);
  }

  /**
   * As `derive`, with rows only at the keys of the first table. So the first computation costs as much as the first table has rows,
   * however many the others have.
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
    return this.#derivation(name, row, equal, 1);
  }

  /** Rows are at the keys of the first `leading` tables. */
  #derivation<Rows extends readonly unknown[], Context extends readonly unknown[], R>(
    name: string,
    compute: RowFunction<Rows, Context, R>,
    equal: (a: R, b: R) => boolean,
    leading: number,
  ): Derivation<Rows, Context, R> {
    const cell = this.#remembered<{
      readonly tables: TablesOf<Rows>;
      readonly context: Context;
      readonly result: Table<R>;
    }>();
    return (tables, ...context) => {
      const last = cell.get();
      const isInContext = last !== undefined && sameElements(last.context, context);
      if (isInContext && sameElements(last.tables, tables)) return last.result;
      const rowOf = (key: string, rows: readonly unknown[]): R | undefined => {
        this.#record?.(name, key);
        const isThere = rows.some((row, i) => i < leading && row !== undefined);
        return isThere ? compute(key, rows as RowsOf<Rows>, ...context) : undefined;
      };
      const result =
        last === undefined
          ? Table.derived(tables, leading, rowOf)
          : withRows(
              last.result,
              isInContext
                ? changedKeys(tables, last.tables)
                : allKeys([...tables.slice(0, leading), last.result]),
              (key) =>
                rowOf(
                  key,
                  tables.map((table) => table.get(key)),
                ),
              equal,
            );
      cell.set({ tables, context, result });
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
    const cell = this.#remembered<{
      readonly source: Table<V>;
      readonly result: Table<Table<V>>;
    }>();
    return (table) => {
      const last = cell.get();
      if (last?.source === table) return last.result;
      const edits = new GroupEdits<V>();
      for (const { key, before, after } of table.changesFrom(last?.source ?? Table.empty())) {
        this.#record?.(name, key);
        if (before !== undefined) edits.remove(keysOf(before, key), key);
        if (after !== undefined) edits.set(keysOf(after, key), key, after);
      }
      const result = edits.appliedTo(last?.result ?? Table.empty());
      cell.set({ source: table, result });
      return result;
    };
  }

  /**
   * A value that is built from all rows of a table, in any order: `step` adds the changes since the last table. The first time
   * that is every row, or, given what was made of another table, the difference to that.
   */
  fold<V, R>(
    name: string,
    empty: R,
    step: (result: R, changes: readonly Change<V>[]) => R,
  ): (table: Table<V>, from?: Folded<V, R>) => R {
    const cell = this.#remembered<Folded<V, R>>();
    return (table, from) => {
      const before = cell.get() ?? (this.#memo ? from : undefined);
      const last = before?.result ?? empty;
      const changes = table.changesFrom(before?.table ?? Table.empty());
      for (const { key } of changes) this.#record?.(name, key);
      const result = changes.length === 0 ? last : step(last, changes);
      cell.set({ table, result });
      return result;
    };
  }

  /** Of a table of tables, all entries in one. When several have a key, the entry with the smallest source key counts. */
  flatten<V>(name: string): (table: Table<Table<V>>) => Table<V> {
    return flatten(this.#remembered(), (key) => this.#record?.(name, key));
  }

  /**
   * A table with the entries of another laid over it; `ABSENT` takes an entry away. The result shares the memory of the first
   * table, and after a change only what changed in either is laid anew.
   */
  overlay<V>(): (table: Table<V>, over: Table<V | typeof ABSENT>) => Table<V> {
    const cell = this.#remembered<{
      readonly table: Table<V>;
      readonly over: Table<V | typeof ABSENT>;
      readonly result: Table<V>;
    }>();
    return (table, over) => {
      const last = cell.get();
      if (last?.table === table && last.over === over) return last.result;
      const result = table.under(over, last);
      cell.set({ table, over, result });
      return result;
    };
  }

  /** Returns, for a value, an equal one from among the last few if there is one: so callers that make equal values share one. */
  alike<V>(equal: (a: V, b: V) => boolean): (value: V) => V {
    return alike(this.#remembered(), equal);
  }

  /** Returns the last value as long as new ones are equal to it. */
  settle<V>(equal: (a: V, b: V) => boolean): (value: V) => V {
    return this.carry((last, value) => (equal(last, value) ? last : value));
  }

  /** Returns what `merge` makes of the last value and the new one: the last one itself, when nothing is different. */
  carry<V>(merge: (last: V, value: V) => V): (value: V) => V {
    const cell = this.#remembered<{ readonly value: V }>();
    return (value) => {
      const last = cell.get();
      const merged = last === undefined ? value : merge(last.value, value);
      if (merged !== last?.value) cell.set({ value: merged });
      return merged;
    };
  }
}
