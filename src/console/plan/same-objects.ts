import { isDeepStrictEqual } from "node:util";
import type { Table } from "../../base/table/table.js";
import type { ConfigResource } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";

/** Tables in which what is the same as in others is the same object. */
export function sharingObjects(tables: ResourceTables, others: ResourceTables): ResourceTables {
  const kinds = Object.keys(tables) as (keyof ResourceTables)[];
  return Object.fromEntries(
    kinds.map((kind) => [
      kind,
      shared(tables[kind] as Table<ConfigResource>, others[kind] as Table<ConfigResource>),
    ]),
  ) as unknown as ResourceTables;
}

function shared(table: Table<ConfigResource>, other: Table<ConfigResource>): Table<ConfigResource> {
  let result = other;
  for (const { key, before, after } of table.changesFrom(other)) {
    if (after === undefined) result = result.without(key);
    else if (!isDeepStrictEqual(before, after)) result = result.with(key, after);
  }
  return result;
}
