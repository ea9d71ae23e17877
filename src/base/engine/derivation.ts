import type { Table } from "../table/table.js";

/** Tables of these rows. */
export type TablesOf<Rows extends readonly unknown[]> = {
  readonly [I in keyof Rows]: Table<Rows[I]>;
};
/** A row of each, where there is one. */
export type RowsOf<Rows extends readonly unknown[]> = {
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
