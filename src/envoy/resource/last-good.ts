import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { EnvoyResource } from "./resource-set.js";

/** Rows of a table, sorted by whether Envoy would refuse them. */
export interface Sifted<V> {
  /** The rows to send. In place of one that Envoy would refuse it is the last version that it would not, if there was one. */
  readonly sent: Table<V>;
  readonly refused: Table<V>;
  /**
   * The rows that Envoy would refuse and that have no such version here. A proxy may have one from before this control plane was
   * started, and goes on with that.
   */
  readonly withheld: Table<V>;
}

/** What the last table came to, and the last good version of each row that is bad now. */
interface History<V> extends Sifted<V> {
  readonly table: Table<V>;
  readonly good: Table<V>;
}

/**
 * Keeps what was sent last in the place of a row that would be refused. This is history, not a cache: what it returns
 * depends on the tables that it was given before. The cost is in proportion to what changed and to what is refused.
 */
export function createLastGood<V extends EnvoyResource>(
  engine: Engine,
): (table: Table<V>) => Sifted<V> {
  const none = Table.empty<V>();
  const history = engine.kept<History<V>>({
    ...{ table: none, good: none, refused: none, sent: none, withheld: none },
  });
  return (table) => {
    const last = history.get();
    if (table === last.table) return last;
    const next = follow(last, table);
    history.set(next);
    return next;
  };
}

function follow<V extends EnvoyResource>(last: History<V>, table: Table<V>): History<V> {
  let { good, refused } = last;
  for (const { key, before, after } of table.changesFrom(last.table)) {
    if (after?.refusal === undefined) {
      refused = refused.without(key);
      good = good.without(key);
      continue;
    }
    refused = refused.with(key, after);
    if (before !== undefined && before.refusal === undefined) good = good.with(key, before);
  }
  let sent = table;
  let withheld = Table.empty<V>();
  for (const [key, row] of refused) {
    const stays = good.get(key);
    sent = stays === undefined ? sent.without(key) : sent.with(key, stays);
    if (stays === undefined) withheld = withheld.with(key, row);
  }
  return { table, good, refused, sent, withheld };
}
