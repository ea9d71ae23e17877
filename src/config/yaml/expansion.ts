/** Values that a document may stand for when every alias is written out. */
const MAX_VALUES = 200_000;
/** Maps and lists within each other when every alias is written out. */
const MAX_DEPTH = 200;

/**
 * What is wrong with the aliases of some documents: one stands for itself, or together they stand for more than is good
 * for those who walk the values ("billion laughs"). undefined when nothing is. The cost is that of the text, not of what
 * it stands for.
 */
export function findExpansionProblem(documents: readonly unknown[]): string | undefined {
  const sizes = new Map<object, number>();
  const open = new Set<object>();

  /** The number of values in `value`; more than the limit when it contains itself. */
  const measure = (value: unknown, depth: number): number => {
    if (typeof value !== "object" || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    if (open.has(value) || depth > MAX_DEPTH) return Number.POSITIVE_INFINITY;
    open.add(value);
    let size = 1;
    for (const member of Object.values(value)) size += measure(member, depth + 1);
    open.delete(value);
    sizes.set(value, size);
    return size;
  };

  const size = documents.reduce<number>((sum, document) => sum + measure(document, 0), 0);
  if (size === Number.POSITIVE_INFINITY) {
    return "an alias (*name) is part of what it stands for, or they are nested too deeply";
  }
  if (size <= MAX_VALUES) return undefined;
  return `the aliases (*name) stand for ${String(size)} values; at most ${String(MAX_VALUES)} are read`;
}
