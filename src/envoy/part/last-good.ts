import { Table } from "../../base/table.js";
import type { EnvoyResource } from "../resource-set.js";

/** Rows of which some may be such that Envoy would refuse them. */
export interface Sifted<V> {
  /** The rows that are sent: in the place of a refused one its last that was not, if there was one. */
  readonly sent: Table<V>;
  readonly refused: Table<V>;
}

/**
 * Keeps what was sent last in the place of a row that would be refused. This is history, not a cache: what it returns
 * depends on the tables that it was given before. The cost is in proportion to what changed and to what is refused.
 */
export function createLastGood<V extends EnvoyResource>(): (table: Table<V>) => Sifted<V> {
  const good = new Map<string, V>();
  let last = Table.empty<V>();
  let refused = Table.empty<V>();
  let sent = Table.empty<V>();
  return (table) => {
    if (table === last) return { sent, refused };
    for (const { key, before, after } of table.changesFrom(last)) {
      if (after?.refusal === undefined) {
        refused = refused.without(key);
        good.delete(key);
        continue;
      }
      refused = refused.with(key, after);
      if (before !== undefined && before.refusal === undefined) good.set(key, before);
    }
    last = table;
    sent = table;
    for (const key of refused.keys()) {
      const stays = good.get(key);
      sent = stays === undefined ? sent.without(key) : sent.with(key, stays);
    }
    return { sent, refused };
  };
}
