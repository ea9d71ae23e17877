/** What a client holds under a name: a version that is known, one that is not, or perhaps nothing. */
import type { Table } from "../../../base/table/table.js";
import type { EncodedResource } from "../../resource.js";

/** The client holds some version under the name, which is not known. Any version of ours is a change. */
export const UNKNOWN_VERSION: unique symbol = Symbol("unknown version");

/** The client may hold what it was sent under the name, or nothing. Any version of ours is a change, and so is a removal. */
export const MAYBE_HELD: unique symbol = Symbol("unknown whether there is any");

/** What a client holds under a name. A table has no entry where it holds nothing. */
export type Held = EncodedResource | typeof UNKNOWN_VERSION | typeof MAYBE_HELD;

/** Whether something is held, and known. */
export function isResource(held: Held | undefined): held is EncodedResource {
  return held !== undefined && held !== UNKNOWN_VERSION && held !== MAYBE_HELD;
}

/** Whether just this version is held; a resource that was made anew with equal bytes is the same. */
export function isSameVersion(held: Held | undefined, resource: EncodedResource): boolean {
  return held === resource || (isResource(held) && held.version === resource.version);
}

/** A table with one entry set, or without it when there is nothing to set. */
export function withEntry(table: Table<Held>, name: string, entry: Held | undefined): Table<Held> {
  return entry === undefined ? table.without(name) : table.with(name, entry);
}
