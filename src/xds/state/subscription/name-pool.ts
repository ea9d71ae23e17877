/**
 * Makes equal sets of names one object.
 *
 * A thousand proxies of a kind subscribe to the same thousand names. Their one set costs its memory once, and answers computed for it
 * are found again by identity.
 */
import { editedNames, type NameSet, NO_NAMES, SMALL_EDIT, sameNames } from "./name-set.js";

/** Finds equal sets. One serves all streams of a server. */
export interface NamePool {
  /** The one set that is equal to this one, which must not be changed afterwards. */
  shared(names: NameSet): NameSet;
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

/** A pool; `seed` is any integer, unknown to peers. */
export function createNamePool(seed: number): NamePool {
  const sets = new Map<number, WeakRef<NameSet>>();
  /** The sum of the names' hashes, which does not depend on their order. */
  const sums = new WeakMap<NameSet, number>();
  const dropped = new FinalizationRegistry<number>((hash) => {
    if (sets.get(hash)?.deref() === undefined) sets.delete(hash);
  });
  const lastEdits = new WeakMap<
    NameSet,
    { readonly edit: string; readonly to: WeakRef<NameSet> }
  >();

  function sumOf(names: Iterable<string>): number {
    let sum = 0;
    for (const name of names) sum = (sum + hashOf(name, seed)) | 0;
    return sum;
  }

  const shared = (names: NameSet): NameSet => sharedOf(names, sumOf(names));

  function sharedOf(names: NameSet, sum: number): NameSet {
    if (names.size === 0) return NO_NAMES;
    const known = sets.get(sum)?.deref();
    // Sets of one sum that differ are told apart by their names.
    if (known !== undefined && sameNames(known, names)) return known;
    sets.set(sum, new WeakRef(names));
    dropped.register(names, sum);
    sums.set(names, sum);
    return names;
  }

  function edited(names: NameSet, added: Iterable<string>, taken: Iterable<string>): NameSet {
    if (names.size === 0) return shared(new Set(added));
    const plus = [...new Set(added)].filter((name) => !names.has(name));
    const minus = [...new Set(taken)].filter((name) => names.has(name));
    if (plus.length === 0 && minus.length === 0) return names;
    // Proxies that hold the same names mostly make the same edit, one after the other.
    const isSmall = plus.length + minus.length <= SMALL_EDIT;
    const edit = isSmall ? JSON.stringify([plus, minus]) : "";
    const last = isSmall ? lastEdits.get(names) : undefined;
    const known = last?.edit === edit ? last.to.deref() : undefined;
    if (known !== undefined) return known;
    const sum = (sums.get(names) ?? sumOf(names)) + sumOf(plus) - sumOf(minus);
    const result = sharedOf(editedNames(names, plus, minus), sum | 0);
    if (isSmall) lastEdits.set(names, { edit, to: new WeakRef(result) });
    return result;
  }

  return { shared, edited };
}
