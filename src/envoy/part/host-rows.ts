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

/** The common rows with those of some hosts replaced; the very same table when they make the same. */
function replaceRows<V>(
  common: HostRows<V>,
  own: HostRows<V>,
  hosts: Table<readonly string[]>,
): Table<V> {
  let result = common.all;
  hosts.forEach((_namespaces, host) => {
    const before = common.byHost.get(host);
    const after = own.byHost.get(host);
    if (before === after) return;
    before?.forEach((_value, key) => {
      if (after?.has(key) !== true) result = result.without(key);
    });
    after?.forEach((value, key) => {
      result = result.with(key, value);
    });
  });
  return result;
}

/** Remembers the last replacement. */
export function createReplacement<V>(
  engine: Engine,
  name: string,
): (common: HostRows<V>, own: HostRows<V>, hosts: Table<readonly string[]>) => Table<V> {
  const replace = engine.memoFields<
    {
      readonly common: Table<V>;
      readonly commonRows: Table<Table<V>>;
      readonly own: Table<V>;
      readonly ownRows: Table<Table<V>>;
      readonly hosts: Table<readonly string[]>;
    },
    Table<V>
  >(name, ["common", "commonRows", "own", "ownRows", "hosts"], (input) =>
    replaceRows(
      { byHost: input.commonRows, all: input.common },
      { byHost: input.ownRows, all: input.own },
      input.hosts,
    ),
  );
  return (common, own, hosts) =>
    replace({
      common: common.all,
      commonRows: common.byHost,
      own: own.all,
      ownRows: own.byHost,
      hosts,
    });
}
