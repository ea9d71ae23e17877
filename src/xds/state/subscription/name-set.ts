/**
 * Sets of resource names that clients subscribe to.
 *
 * The names come from peers, so they are kept in JavaScript's own sets, whose hash nobody can aim at. An edited set is the one
 * before and what is different, as long as that is little: to ask for one name more costs the same for a thousand names as for ten.
 * Equal sets are one object: see name-pool.ts.
 */

/** Names without an order. Never changed after creation. */
export interface NameSet extends Iterable<string> {
  readonly size: number;
  has(name: string): boolean;
}

/** No names. */
export const NO_NAMES: ReadonlySet<string> = new Set();

/** An edit of more names is not remembered, nor kept beside the set that it edits: that costs as much as to make a new set. */
export const SMALL_EDIT = 64;

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
export function editedNames(
  names: NameSet,
  plus: readonly string[],
  minus: readonly string[],
): NameSet {
  const isEdited = names instanceof EditedNames;
  const whole = isEdited ? names.whole : names;
  const added = new Set(isEdited ? names.added : []);
  const taken = new Set(isEdited ? names.taken : []);
  for (const name of plus) if (!taken.delete(name)) added.add(name);
  for (const name of minus) if (!added.delete(name)) taken.add(name);
  const edited = new EditedNames(whole, added, taken);
  return added.size + taken.size <= SMALL_EDIT ? edited : new Set(edited);
}
