import type { Diagnostic, Position } from "../base/diagnostic.js";
import { Table } from "../base/table/table.js";
import type { Path } from "./kind.js";
import { KINDS, type Kind, type ResourceOf } from "./kinds.js";
import type { ResourceRef } from "./resource.js";
import type { WrittenResource } from "./written-resource.js";

/** The resources in force: a table for each kind, keyed `namespace/name`; `/name` for kinds without a namespace. */
export type ResourceTables = { readonly [K in Kind]: Table<ResourceOf<K>> };

/**
 * Every resource of every file, typed, validated and immutable, at one moment. What did not change since the moment before
 * is the same object: a resource, a table, the list of diagnostics, the snapshot itself.
 */
export interface ConfigSnapshot {
  readonly tables: ResourceTables;
  /** What is wrong with the files now, in the order in which it is shown. */
  readonly diagnostics: readonly Diagnostic[];
  /**
   * Where a resource in force is written, or the member at `path` in it, or the nearest thing around it that is written.
   * Undefined for a resource that is not in force. The start of the file when the file does not hold it now (it is in
   * force from before).
   */
  readonly locate: (ref: ResourceRef, path?: Path) => Position | undefined;
  /**
   * Every resource that the files have now, by the order of their paths: also those that are not in order, and those of
   * kinds that mean nothing to the mesh. Made when it is asked for.
   */
  readonly written: () => readonly WrittenResource[];
}

/** Tables without resources. */
export function emptyTables(): ResourceTables {
  const tables = Object.keys(KINDS).map((kind) => [kind, Table.empty()]);
  return Object.fromEntries(tables) as ResourceTables;
}
