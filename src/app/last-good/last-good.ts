/**
 * What resources of the configuration were before something that they made would be refused by Envoy. A control plane that is
 * started anew knows of it alone what to send in the place of that: see createLastGood, which has it otherwise from what it made.
 */
import type { Table } from "../../base/table/table.js";
import { versionOf } from "../../base/version.js";
import type { Kind } from "../../config/kinds.js";
import { type ConfigResource, formatRef, keyOf, type ResourceRef } from "../../config/resource.js";
import type { ConfigSnapshot, ResourceTables } from "../../config/snapshot.js";
import { manifestOf } from "../../config/state/state-file.js";
import type { Refusal } from "../../envoy/resource/resource-set.js";

/** A resource that had a part in what is refused now, as it was when nothing of that was. */
export interface LastGood {
  readonly ref: ResourceRef;
  /** Absent when there was no such resource. */
  readonly good?: ConfigResource;
  /** A version of what it is since. */
  readonly refused: string;
}

/** What is kept now. */
export interface KeptGood {
  readonly list: () => readonly LastGood[];
  /** Looks at what is refused of a configuration; true when something else is kept since. */
  readonly follow: (refused: readonly Refusal[], tables: ResourceTables) => boolean;
  /** Resolves when all of it is saved. */
  readonly close: () => Promise<void>;
}

/** With what it is kept. */
export interface KeepGoodOptions {
  readonly saved: readonly LastGood[];
  /** The configuration that nobody has looked at yet. */
  readonly tables: ResourceTables;
  readonly save: (kept: readonly LastGood[]) => Promise<void>;
  /** Told of what cannot be saved; it is tried again with the next change. */
  readonly onError: (error: unknown) => void;
}

/** So many are kept at most, those that were refused first. */
const MAX_KEPT = 256;

/** Keeps it, in memory and by `save`. */
export function keepGood({ saved, tables, save, onError }: KeepGoodOptions): KeptGood {
  let kept = saved;
  let before = tables;
  let work = Promise.resolve();
  return {
    list: () => kept,
    follow: (refused, now) => {
      const next = followed(kept, { refused, before, now });
      before = now;
      if (sameKept(next, kept)) return false;
      kept = next;
      work = work.then(() => save(next)).catch(onError);
      return true;
    },
    close: () => work,
  };
}

/** What is kept after another look: what is refused has another last version than it had, and what is mended none. */
function followed(
  kept: readonly LastGood[],
  {
    refused,
    before,
    now,
  }: {
    readonly refused: readonly Refusal[];
    readonly before: ResourceTables;
    readonly now: ResourceTables;
  },
): readonly LastGood[] {
  const refs = refused.flatMap(({ sources }) => sources);
  const named = new Map(refs.map((ref) => [formatRef(ref), ref]));
  const staying = kept.flatMap((one) => {
    const version = versionIn(now, one.ref);
    if (version === one.refused) return [one];
    return named.has(formatRef(one.ref)) ? [{ ...one, refused: version }] : [];
  });
  const known = new Set(staying.map(({ ref }) => formatRef(ref)));
  const added = [...named].flatMap(([id, ref]): readonly LastGood[] => {
    const [good, bad] = [find(before, ref), find(now, ref)];
    if (known.has(id) || good === bad) return [];
    return [{ ref, ...(good && { good }), refused: versionIn(now, ref) }];
  });
  return [...staying, ...added].slice(0, MAX_KEPT);
}

const sameKept = (a: readonly LastGood[], b: readonly LastGood[]): boolean =>
  a.length === b.length && a.every((one, i) => one === b[i]);

/** A configuration in which what is kept is in the place of what it is since. */
export function withLastGood(snapshot: ConfigSnapshot, kept: readonly LastGood[]): ConfigSnapshot {
  const tables = kept.reduce((all, { ref, good }): ResourceTables => {
    const kind = ref.kind as Kind;
    const table: Table<ConfigResource> = all[kind];
    const key = keyOf(ref);
    return { ...all, [kind]: good === undefined ? table.without(key) : table.with(key, good) };
  }, snapshot.tables);
  return { ...snapshot, tables };
}

const find = (tables: ResourceTables, ref: ResourceRef): ConfigResource | undefined =>
  tables[ref.kind as Kind].get(keyOf(ref));

/** Equal for resources that say the same, also after a restart; empty for none. */
function versionIn(tables: ResourceTables, ref: ResourceRef): string {
  const resource = find(tables, ref);
  if (resource === undefined) return "";
  return versionOf(JSON.stringify(manifestOf(resource)));
}
