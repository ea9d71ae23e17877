/**
 * The rows that hosts make for the callers of one namespace: those that all callers share, except for hosts that look different
 * from that namespace, which have rows of their own. So the tables of a hundred namespaces share nearly all of their memory.
 */
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import { ABSENT } from "../../base/table/trie.js";

/** The rows (clusters, virtual hosts and so on) that each host makes, by hostname, and all of them in one table. */
export interface HostRows<V> {
  readonly byHost: Table<Table<V>>;
  readonly all: Table<V>;
}

/** Marks a common row that these callers do not have. `ABSENT` cannot stand for it: to operators that means the removal of a row. */
const GONE: unique symbol = Symbol("gone");

/** Rows that are laid over the common ones: each replaces one, or marks it as gone. */
type Cover<V> = Table<V | typeof GONE>;

/** What one host makes for the callers of a namespace, to be laid over what it makes for all. */
function coverOf<V>(common: Table<V> = Table.empty(), own: Table<V> = Table.empty()): Cover<V> {
  let cover: Cover<V> = own;
  common.forEach((_value, key) => {
    if (!own.has(key)) cover = cover.with(key, GONE);
  });
  return cover;
}

type Absences = Table<typeof ABSENT>;

/** Lays a cover over rows. */
function createCovering<V>(
  engine: Engine,
  name: string,
): (rows: Table<V>, cover: Cover<V>) => Table<V> {
  const lay = engine.overlay<V | typeof GONE>();
  const gone = engine.fold<V | typeof GONE, Absences>(
    `gone ${name}`,
    Table.empty(),
    (all, changes) =>
      changes.reduce(
        (keys, { key, before, after }) =>
          after === GONE ? keys.with(key, ABSENT) : before === GONE ? keys.without(key) : keys,
        all,
      ),
  );
  const take = engine.overlay<V | typeof GONE>();
  // What is taken away are the rows that are gone, and all of them.
  return (rows, cover) => take(lay(rows, cover), gone(cover)) as Table<V>;
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
  const covers = engine.lookUp<readonly string[], [V], [], V | typeof GONE>(
    `different ${name}`,
    (_host, [, own]) => own ?? GONE,
  );
  const covered = createCovering<V>(engine, name);
  return (common, own, hosts) => covered(common, covers([hosts, own]));
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
  const cover = engine.flatten<V | typeof GONE>(`different ${name} by key`);
  const covered = createCovering<V>(engine, name);
  return (common, own, hosts) =>
    covered(common.all, cover(covers([hosts, common.byHost, own.byHost])));
}
