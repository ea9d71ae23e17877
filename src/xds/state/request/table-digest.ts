/** Digests tables as the initial versions of a client that holds all of one: equal where the client would say just these. */
import type { Table } from "../../../base/table/table.js";
import type { ResourceTable } from "../../resource.js";
import { type Held, isResource } from "../subscription/held.js";
import { ByteWords, digestOf, EntrySums, type Sums } from "./entry-sums.js";

/** A digest that remembers what it found of tables, and of their layers. Undefined when not all that a table holds is known. */
export function createTableDigest(
  seed: number,
): (table: Table<Held> | ResourceTable) => string | undefined {
  const known = new WeakMap<object, Sums | undefined>();
  const sumsOf = (table: Table<Held>): Sums | undefined => {
    if (known.has(table)) return known.get(table);
    const sums = sumsOver(table, seed, sumsOf);
    known.set(table, sums);
    return sums;
  };
  return (table) => {
    const sums = sumsOf(table);
    return sums === undefined ? undefined : digestOf(table.size, sums);
  };
}

/** The sums of a table, from those of its layers when it has any; undefined when it is not known what all of it is. */
function sumsOver(
  table: Table<Held>,
  seed: number,
  sumsOf: (table: Table<Held>) => Sums | undefined,
): Sums | undefined {
  if (table.layers !== undefined) {
    const base = sumsOf(table.layers.base);
    const top = sumsOf(table.layers.top);
    return base && top && [(base[0] + top[0]) | 0, (base[1] + top[1]) | 0];
  }
  const all = new EntrySums(seed);
  for (const [name, held] of table) {
    if (!isResource(held)) return undefined;
    const text = new ByteWords(Buffer.from(`${name}${held.version}`));
    const nameEnd = Buffer.byteLength(name);
    all.add(text, { name: 0, nameEnd, version: nameEnd, versionEnd: text.bytes.length });
  }
  return all.sums;
}
