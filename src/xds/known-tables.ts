/**
 * Tables that clients had when their streams ended. A client that comes back is recognised by what it says that it holds
 * (see held-versions.ts), and is then told what changed since, without a look at what did not.
 */
import type { Table } from "../base/table.js";
import type { Clock } from "./clock.js";
import { createTableDigest, type HeldVersions } from "./held-versions.js";
import type { ResourceTable } from "./resource.js";
import type { Held } from "./subscription.js";

/** See the top of this file. */
export interface KnownTables {
  /** The table of which a client holds all, and nothing else: the current one, or one that was kept. */
  readonly find: (held: HeldVersions, current: ResourceTable) => Table<Held> | undefined;
  /** Keeps a table that a client had. */
  readonly keep: (table: Table<Held>) => void;
}

/** Tables are kept so long after the last one was, in milliseconds. */
const KEEP_MS = 60_000;

/** So many at most; the oldest go first. They share what is the same in them. */
const MAX_KEPT = 4096;

/** Nothing is known. The seed is any integer, unknown to peers. */
export function createKnownTables(seed: number, clock: Pick<Clock, "after">): KnownTables {
  const digestOf = createTableDigest(seed);
  const kept = new Map<string, Table<Held>>();
  let stopForgetting = (): void => undefined;
  return {
    find: (held, current) => {
      const digest = held.digest(seed);
      if (digest === undefined) return undefined;
      return digest === digestOf(current) ? current : kept.get(digest);
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
      });
    },
  };
}
