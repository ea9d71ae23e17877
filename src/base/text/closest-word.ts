/**
 * The candidate that was probably meant by a misspelt word: at most a third of its letters differ, letter case and word
 * separators aside. undefined when none is near.
 */
export function closestWord(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** ` (did you mean "x"?)`, or nothing when no candidate is near: for the end of a message. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const closest = closestWord(word, candidates);
  return closest === undefined ? "" : asMeant(closest);
}

/** ` (did you mean "x"?)`, of a word that was. */
export function asMeant(word: string): string {
  return ` (did you mean "${word}"?)`;
}

/** The candidate from which a word differs by one letter, letter case and word separators aside; undefined when none does. */
export function nearWord(word: string, candidates: readonly string[]): string | undefined {
  return candidates.find((candidate) => editDistance(plain(word), plain(candidate), 2) < 2);
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_. ]/g, "");
}

/** Letters to add, drop, replace or swap with their neighbour; `limit` when it would be that many or more. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          cell(last, column) + 1,
          cell(current, column - 1) + 1,
          cell(last, column - 1) + (same ? 0 : 1),
          swapped ? cell(beforeLast, column - 2) + 1 : limit,
        ),
      );
    }
    [beforeLast, last] = [last, current];
  }
  return Math.min(limit, cell(last, b.length));
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
