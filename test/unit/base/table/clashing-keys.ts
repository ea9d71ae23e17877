/** Keys on which the hash of src/base/table.ts does badly: all the same, or the same in the bits of its upper levels. */

const OFFSET = 0x811c9dc5;
const LOW_BITS = 0xfffff;

function fnv(key: string, state = OFFSET): number {
  let hash = state;
  for (const unit of key) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193);
  return hash;
}

function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (half ^ (half >>> 13)) >>> 0;
}

/** Two words for which `hashOf` is the same; a search by birthday, of some ten thousand words. */
function searchPair(hashOf: (word: string) => number): readonly [string, string] {
  const seen = new Map<number, string>();
  for (let i = 0; ; i++) {
    const word = i.toString(36);
    const hash = hashOf(word);
    const other = seen.get(hash);
    if (other !== undefined) return [other, word];
    seen.set(hash, word);
  }
}

const [headA, headB] = searchPair((word) => fnv(word));
// Both heads lead to one state of the hash, so tails that clash behind the one clash behind the other too.
const [tailA, tailB] = searchPair((word) => fnv(word, fnv(headA)));

/** Four keys of one hash. */
export const CLASHING_KEYS: readonly string[] = [headA, headB].flatMap((head) =>
  [tailA, tailB].map((tail) => head + tail),
);

/** Keys whose hashes are the same in the first four levels of the table, and not below. */
export const NEIGHBOUR_KEYS: readonly string[] = ["x", "y", "z"].flatMap((prefix) =>
  searchPair((word) => mixed(fnv(prefix + word)) & LOW_BITS).map((word) => prefix + word),
);
