/**
 * Sets of resource names that clients subscribe to.
 *
 * A thousand proxies of a kind subscribe to the same thousand names, so equal sets are one object: it costs its memory
 * once, and answers computed for it are found again by identity. The names come from peers, so they are kept in
 * JavaScript's own sets, whose hash nobody can aim at.
 */

/** Names without an order. Never changed after creation. */
export type NameSet = ReadonlySet<string>;

/** No names. */
export const NO_NAMES: NameSet = new Set();

/** An edit of more names is not remembered: to compare it costs as much as to make it. */
const SMALL_EDIT = 64;

/** Finds equal sets. One serves all streams of a server. */
export interface NamePool {
  /** The one set that is equal to this one, which must not be changed afterwards. */
  shared(names: ReadonlySet<string>): NameSet;
  /** A set with some names added and others taken away; the same object when nothing changes. */
  edited(names: NameSet, added: Iterable<string>, taken: Iterable<string>): NameSet;
}

function hashOf(name: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return hash;
}

/** Whether two sets hold the same names. */
export function sameNames(a: NameSet, b: NameSet): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const name of a) if (!b.has(name)) return false;
  return true;
}

/** The names for which a condition holds. */
export function subset(names: Iterable<string>, condition: (name: string) => boolean): NameSet {
  const kept = new Set<string>();
  for (const name of names) if (condition(name)) kept.add(name);
  return kept.size === 0 ? NO_NAMES : kept;
}

/** A pool; `seed` is any integer, unknown to peers. */
export function createNamePool(seed: number): NamePool {
  const sets = new Map<number, WeakRef<NameSet>>();
  const dropped = new FinalizationRegistry<number>((hash) => {
    if (sets.get(hash)?.deref() === undefined) sets.delete(hash);
  });
  const lastEdits = new WeakMap<
    NameSet,
    { readonly edit: string; readonly to: WeakRef<NameSet> }
  >();

  function shared(names: ReadonlySet<string>): NameSet {
    if (names.size === 0) return NO_NAMES;
    // The sum does not depend on the order; sets of one hash that differ are told apart by their names.
    let hash = names.size;
    for (const name of names) hash = (hash + hashOf(name, seed)) | 0;
    const known = sets.get(hash)?.deref();
    if (known !== undefined && sameNames(known, names)) return known;
    sets.set(hash, new WeakRef(names));
    dropped.register(names, hash);
    return names;
  }

  function edited(names: NameSet, added: Iterable<string>, taken: Iterable<string>): NameSet {
    if (names.size === 0) return shared(new Set(added));
    const plus = [...added].filter((name) => !names.has(name));
    const minus = [...taken].filter((name) => names.has(name));
    if (plus.length === 0 && minus.length === 0) return names;
    // Proxies that hold the same names mostly make the same edit, one after the other.
    const isSmall = plus.length + minus.length <= SMALL_EDIT;
    const edit = isSmall ? JSON.stringify([plus, minus]) : "";
    const last = isSmall ? lastEdits.get(names) : undefined;
    const known = last?.edit === edit ? last.to.deref() : undefined;
    if (known !== undefined) return known;
    const next = new Set(names);
    for (const name of plus) next.add(name);
    for (const name of minus) next.delete(name);
    const result = shared(next);
    if (isSmall) lastEdits.set(names, { edit, to: new WeakRef(result) });
    return result;
  }

  return { shared, edited };
}
