/**
 * Tables that clients had when their streams ended. A client that comes back is recognised by what it says that it holds
 * (see initial-versions.ts), and is then told what changed since, without a look at what did not.
 */

import type { Clock } from "../../../base/clock.js";
import type { Table } from "../../../base/table/table.js";
import type { ResourceTable } from "../../resource.js";
import { type Held, isResource, isSameVersion } from "../subscription/held.js";
import { type NameSet, subset } from "../subscription/name-set.js";
import type { InitialVersions } from "./initial-versions.js";
import { createTableDigest } from "./table-digest.js";

/** See the top of this file. */
export interface KnownTables {
  /** The table of which a client holds all, and nothing else: the current one, or one that was kept. */
  readonly find: (held: InitialVersions, current: ResourceTable) => Table<Held> | undefined;
  /** Of names, those that a client lacks, or has in another version, that holds all of one table but not of another. */
  readonly missing: (names: NameSet, held: Table<Held>, current: ResourceTable) => NameSet;
  /** Keeps a table that a client had. */
  readonly keep: (table: Table<Held>) => void;
}

/** How long tables are kept after the last one came, in milliseconds. */
const KEEP_MS = 60_000;

/** How many are kept at most; the oldest go first. Tables share what they have in common. */
const MAX_KEPT = 4096;

interface Missing {
  readonly held: Table<Held>;
  readonly current: ResourceTable;
  readonly names: NameSet;
}

function missingOf(names: NameSet, held: Table<Held>, current: Table<Held>): NameSet {
  const changed = new Set<string>();
  for (const { key, before, after } of current.changesFrom(held)) {
    if (!isResource(after) || !isSameVersion(before, after)) changed.add(key);
  }
  return subset(names, (name) => changed.has(name) || !held.has(name));
}

/** Nothing is known. The seed is any integer, unknown to peers. */
export function createKnownTables(seed: number, clock: Pick<Clock, "after">): KnownTables {
  const digestOf = createTableDigest(seed);
  const kept = new Map<string, Table<Held>>();
  /** By the names, which proxies of a kind share, the last answer: they come back together, with the same tables. */
  let lastMissing = new WeakMap<NameSet, Missing>();
  let stopForgetting = (): void => undefined;
  return {
    find: (held, current) => {
      const digest = held.digest(seed);
      if (digest === undefined) return undefined;
      return digest === digestOf(current) ? current : kept.get(digest);
    },
    missing: (names, held, current) => {
      const last = lastMissing.get(names);
      if (last?.held === held && last.current === current) return last.names;
      const missing = missingOf(names, held, current);
      lastMissing.set(names, { held, current, names: missing });
      return missing;
    },
    keep: (table) => {
      const digest = table.size === 0 ? undefined : digestOf(table);
      if (digest === undefined) return;
      kept.delete(digest);
      kept.set(digest, table);
      const [oldest] = kept.keys();
      if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
      stopForgetting();
      stopForgetting = clock.after(KEEP_MS, () => {
        kept.clear();
        lastMissing = new WeakMap();
      });
    },
  };
}
