/**
 * Resources that only change hands together: where one has a key that only one may have (EncodedResource.exclusive), a client that
 * had both for a moment would refuse them, and one that had neither would answer wrongly.
 */
import type { ResourceTable } from "../../resource.js";
import type { Difference } from "../response/difference.js";
import { isResource } from "../subscription/held.js";
import type { Subscription } from "../subscription/subscription.js";

/** These names, and those of the resources that take over from them or give to them what only one may have. */
export function withSuccession(
  { held }: Subscription,
  table: ResourceTable,
  { changed, removed }: Difference,
  waiting: ReadonlySet<string>,
): ReadonlySet<string> {
  if (waiting.size === 0) return waiting;
  const keysOf = (name: string): readonly string[] => {
    const before = held.get(name);
    const old = isResource(before) ? (before.exclusive ?? []) : [];
    return [...old, ...(table.get(name)?.exclusive ?? [])];
  };
  const others = new Map(
    [...changed.map(({ name }) => name), ...removed].map((name) => [name, keysOf(name)]),
  );
  const result = new Set<string>();
  const taken = new Set<string>();
  for (let found: readonly string[] = [...waiting]; found.length > 0; ) {
    for (const name of found) {
      result.add(name);
      for (const key of keysOf(name)) taken.add(key);
      others.delete(name);
    }
    found = [...others].flatMap(([name, keys]) => (keys.some((key) => taken.has(key)) ? name : []));
  }
  return result;
}
