import { type Change, compare, type Node } from "./trie.js";

/** Two tries, and what became different from one to the other. */
interface Compared {
  readonly before: Node<unknown> | undefined;
  readonly after: Node<unknown> | undefined;
  readonly changes: readonly Change<unknown>[];
}

/** So many are remembered, and the tries in them with them. */
const KEPT = 8;
/** Longer lists are not kept: to make one again costs little beside what is done with it. */
const MOST_CHANGES = 32;

/** The last comparisons of tries, which do not change: many ask for the same. */
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
