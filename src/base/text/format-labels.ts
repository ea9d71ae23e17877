/** Labels as people write them, sorted: `app=reviews,version=v1`; `""` for none. */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map((pair) => pair.join("="));
  return pairs.sort().join(",");
}
