/** Labels of a workload. */
export type Labels = Readonly<Record<string, string>>;

/** Whether `labels` have all pairs of `selector`; an empty selector selects everything. */
export function selects(selector: Labels, labels: Labels): boolean {
  for (const key in selector) {
    if (labels[key] !== selector[key]) return false;
  }
  return true;
}

/** Whether two selectors are the same; undefined selects nothing. */
export function sameSelector(a: Labels | undefined, b: Labels | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return selects(a, b) && selects(b, a);
}

/** One `key=value` pair of a selector by which candidates can be looked up; undefined when it selects everything. */
export function indexPair(selector: Labels): string | undefined {
  // `app` tells workloads apart best; else the first in order, so that the choice does not depend on the file's order.
  const key = "app" in selector ? "app" : Object.keys(selector).sort()[0];
  return key === undefined ? undefined : `${key}=${selector[key] ?? ""}`;
}
