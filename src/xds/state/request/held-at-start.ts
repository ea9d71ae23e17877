/** What a client that comes back holds, by the versions that it says (initial_resource_versions), compared with a view. */
import { Table } from "../../../base/table/table.js";
import type { ResourceTable } from "../../resource.js";
import { type Held, UNKNOWN_VERSION } from "../subscription/held.js";
import { type NameSet, NO_NAMES, subset } from "../subscription/name-set.js";
import type { InitialVersions } from "./initial-versions.js";
import type { KnownTables } from "./known-tables.js";

/** A name, and what a client holds under it. */
export type HeldEntry = readonly [string, Held];

/** See the top of this file. What costs a look at each name is made when it is asked for. */
export interface HeldAtStart {
  /** As far as the server can say what it is. */
  readonly accepted: Table<Held>;
  /** Of names, those that it does not hold in the view's version. */
  readonly lacked: (names: NameSet) => NameSet;
  /** The names of what it holds that neither the view nor `accepted` has. */
  readonly unknown: () => NameSet;
  /** Of names, what it holds under those that the view does not have. */
  readonly gone: (names: NameSet) => readonly HeldEntry[];
}

/** It came with nothing. */
const NOTHING_HELD: HeldAtStart = {
  accepted: Table.empty(),
  lacked: (names) => names,
  unknown: () => NO_NAMES,
  gone: () => [],
};

/** What a client holds that says these versions; a table is that of the view. */
export function heldAtStart(
  table: ResourceTable,
  versions: InitialVersions,
  known: KnownTables,
): HeldAtStart {
  if (versions.size === 0) return NOTHING_HELD;
  const before = known.find(versions, table);
  if (before === undefined) return heldByNames(table, versions.entries());
  return {
    accepted: before,
    lacked: (names) => known.missing(names, before, table),
    // What is gone since is found as a difference.
    unknown: () => NO_NAMES,
    gone: goneFrom(table, (name) => before.get(name)),
  };
}

/** The part of a table that a client holds, with what it has in another version marked. */
function heldByNames(table: ResourceTable, versions: ReadonlyMap<string, string>): HeldAtStart {
  const current = new Set<string>();
  // It starts from the table, to share it: a client that comes back holds nearly all of it.
  let accepted: Table<Held> = table;
  table.forEach(({ version, standIn }, name) => {
    const held = versions.get(name);
    if (held === version) current.add(name);
    else if (held === undefined) accepted = accepted.without(name);
    else accepted = accepted.with(name, held === standIn?.version ? standIn : UNKNOWN_VERSION);
  });
  return {
    accepted,
    lacked: (names) => subset(names, (name) => !current.has(name)),
    unknown: () => subset(versions.keys(), (name) => !current.has(name) && !table.has(name)),
    gone: goneFrom(table, (name) => (versions.has(name) ? UNKNOWN_VERSION : undefined)),
  };
}

function goneFrom(
  table: ResourceTable,
  heldUnder: (name: string) => Held | undefined,
): HeldAtStart["gone"] {
  return (names) =>
    [...names].flatMap((name): readonly HeldEntry[] => {
      const held = table.has(name) ? undefined : heldUnder(name);
      return held === undefined ? [] : [[name, held]];
    });
}
