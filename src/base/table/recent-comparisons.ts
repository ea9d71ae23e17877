import { type Change, compare, type Node } from "./trie.js";

/** Two tries, and the changes from one to the other. */
interface Compared {
  readonly before: Node<unknown> | undefined;
  readonly after: Node<unknown> | undefined;
  readonly changes: readonly Change<unknown>[];
}

/** How many are remembered. Each keeps two tries alive. */
const KEPT = 8;
/** Longer lists of changes are not kept: finding them again costs little beside what is done with them. */
const MOST_CHANGES = 32;

/** The last comparisons of tries: many callers ask for the same ones, and tries never change. */
export class RecentComparisons {
  readonly #kept: Compared[] = [];
  #next = 0;

  /** As `compare`. */
  changes<V>(before: Node<V> | undefined, after: Node<V> | undefined): readonly Change<V>[] {
    for (const one of this.#kept) {
      if (one.after === after && one.before === before) return one.changes as readonly Change<V>[];
    }
    const changes: Change<V>[] = [];
    compare(before, after, 0, changes);
    if (changes.length <= MOST_CHANGES) {
      this.#kept[this.#next] = { before, after, changes };
      this.#next = (this.#next + 1) % KEPT;
    }
    return changes;
  }
}
