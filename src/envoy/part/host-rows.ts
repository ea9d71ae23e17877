/**
 * What hosts make, for the callers of one namespace: the rows that all callers share, with those of the hosts that look
 * different from that namespace in their place. So the tables of a hundred namespaces share nearly all of their memory.
 */
import type { Engine } from "../../base/engine.js";
import type { Table } from "../../base/table.js";

/** The entries that each host makes, by hostname, and all of them in one table. */
export interface HostRows<V> {
  readonly byHost: Table<Table<V>>;
  readonly all: Table<V>;
}

/** What one host makes for all callers, and what it makes for those of a namespace that sees it differently. */
interface Difference<V> {
  readonly common: Table<V> | undefined;
  readonly own: Table<V> | undefined;
}

function replaceRows<V>(all: Table<V>, differences: Table<Difference<V>>): Table<V> {
  let result = all;
  differences.forEach(({ common, own }) => {
    common?.forEach((_value, key) => {
      if (own?.has(key) !== true) result = result.without(key);
    });
    own?.forEach((value, key) => {
      result = result.with(key, value);
    });
  });
  return result;
}

/** The rows of some hosts beside those of others. */
export function createRowsUnion<V>(
  engine: Engine,
  name: string,
): (rows: HostRows<V>, others: HostRows<V>) => HostRows<V> {
  const byHost = engine.overlay<Table<V>>(`${name} by host`);
  const all = engine.overlay<V>(name);
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
  return engine.latest(name, (common, own, hosts) => {
    let result = common;
    hosts.forEach((_namespaces, host) => {
      const after = own.get(host);
      result = after === undefined ? result.without(host) : result.with(host, after);
    });
    return result;
  });
}

/** The common rows with those of some hosts replaced; the very same table when they make the same. */
export function createReplacement<V>(
  engine: Engine,
  name: string,
): (common: HostRows<V>, own: HostRows<V>, hosts: Table<readonly string[]>) => Table<V> {
  const differ = engine.lookUp<readonly string[], [Table<V>, Table<V>], [], Difference<V>>(
    `different ${name}`,
    (_host, [, common, own]) => (common === own ? undefined : { common, own }),
  );
  const replace = engine.latest(name, replaceRows<V>);
  return (common, own, hosts) => replace(common.all, differ([hosts, common.byHost, own.byHost]));
}
