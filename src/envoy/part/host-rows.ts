/**
 * What hosts make, for the callers of one namespace: the rows that all callers share, with those of the hosts that look
 * different from that namespace in their place. So the tables of a hundred namespaces share nearly all of their memory.
 */
import type { Engine } from "../../base/engine.js";
import { Table } from "../../base/table.js";
import { ABSENT } from "../../base/trie.js";

/** The entries that each host makes, by hostname, and all of them in one table. */
export interface HostRows<V> {
  readonly byHost: Table<Table<V>>;
  readonly all: Table<V>;
}

/** Rows to lay over others: those that are in the place of others, and where there are none. */
type Cover<V> = Table<V | typeof ABSENT>;

/** What one host makes for the callers of a namespace, to be laid over what it makes for all. */
function coverOf<V>(common: Table<V> = Table.empty(), own: Table<V> = Table.empty()): Cover<V> {
  let cover: Cover<V> = own;
  common.forEach((_value, key) => {
    if (!own.has(key)) cover = cover.with(key, ABSENT);
  });
  return cover;
}

/** The rows of some hosts beside those of others. */
export function createRowsUnion<V>(
  engine: Engine,
): (rows: HostRows<V>, others: HostRows<V>) => HostRows<V> {
  const byHost = engine.overlay<Table<V>>();
  const all = engine.overlay<V>();
  return (rows, others) => ({
    byHost: byHost(rows.byHost, others.byHost),
    all: all(rows.all, others.all),
  });
}

/** As `createReplacement`, for what has one row a host. */
export function createHostReplacement<V>(
  engine: Engine,
  name: string,
): (common: Table<V>, own: Table<V>, hosts: Table<readonly string[]>) => Table<V> {
  const covers = engine.lookUp<readonly string[], [V], [], V | typeof ABSENT>(
    `different ${name}`,
    (_host, [, own]) => own ?? ABSENT,
  );
  const over = engine.overlay<V>();
  return (common, own, hosts) => over(common, covers([hosts, own]));
}

/** The common rows with those of some hosts replaced; the very same table when they make the same. */
export function createReplacement<V>(
  engine: Engine,
  name: string,
): (common: HostRows<V>, own: HostRows<V>, hosts: Table<readonly string[]>) => Table<V> {
  const covers = engine.lookUp<readonly string[], [Table<V>, Table<V>], [], Cover<V>>(
    `different ${name}`,
    (_host, [, common, own]) => (common === own ? undefined : coverOf(common, own)),
  );
  const cover = engine.flatten<V | typeof ABSENT>(`different ${name} by key`);
  const over = engine.overlay<V>();
  return (common, own, hosts) =>
    over(common.all, cover(covers([hosts, common.byHost, own.byHost])));
}
