/**
 * Sets of resource names that clients subscribe to.
 *
 * A thousand proxies of a kind subscribe to the same thousand names, so equal sets are one object: it costs its memory
 * once, and answers computed for it are found again by identity. The names come from peers, so they are kept in
 * JavaScript's own sets, whose hash nobody can aim at. An edited set is the one before and what is different, as long as
 * that is little: to ask for one name more costs the same for a thousand names as for ten.
 */

/** Names without an order. Never changed after creation. */
export interface NameSet extends Iterable<string> {
  readonly size: number;
  has(name: string): boolean;
}

/** No names. */
export const NO_NAMES: ReadonlySet<string> = new Set();

/** An edit of more names is not remembered, nor kept beside the set that it edits: that costs as much as to make a new set. */
const SMALL_EDIT = 64;

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

/** A set with few names added to it, which it does not have, and few taken away, which it has. */
class EditedNames implements NameSet {
  readonly size: number;
  readonly whole: NameSet;
  readonly added: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;

  constructor(whole: NameSet, added: ReadonlySet<string>, taken: ReadonlySet<string>) {
    this.size = whole.size + added.size - taken.size;
    this.whole = whole;
    this.added = added;
    this.taken = taken;
  }

  has(name: string): boolean {
    return this.added.has(name) || (this.whole.has(name) && !this.taken.has(name));
  }

  *[Symbol.iterator](): Generator<string> {
    for (const name of this.whole) if (!this.taken.has(name)) yield name;
    yield* this.added;
  }
}

/** A set with names added that it does not have, and names taken away that it has. */
function editedNames(names: NameSet, plus: readonly string[], minus: readonly string[]): NameSet {
  const isEdited = names instanceof EditedNames;
  const whole = isEdited ? names.whole : names;
  const added = new Set(isEdited ? names.added : []);
  const taken = new Set(isEdited ? names.taken : []);
  for (const name of plus) if (!taken.delete(name)) added.add(name);
  for (const name of minus) if (!added.delete(name)) taken.add(name);
  const edited = new EditedNames(whole, added, taken);
  return added.size + taken.size <= SMALL_EDIT ? edited : new Set(edited);
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
