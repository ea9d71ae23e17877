/** Counts which names the resources of a proxy refer to: Envoy subscribes to just these. */
import type { KnownResource } from "./known-resources.js";

/** Names that became of interest, and names that ceased to be. */
export interface NameChanges {
  readonly added: readonly string[];
  readonly taken: readonly string[];
}

/** The names that the resources of a proxy refer to, by type. */
export interface ReferredNames {
  /** The proxy holds a resource from now on (1), or no more (-1). */
  readonly count: (resource: KnownResource, by: 1 | -1) => void;
  readonly names: (typeUrl: string) => readonly string[];
  /** What changed since it was asked for last. */
  readonly takeChanges: (typeUrl: string) => NameChanges;
}

/** How often the names of one type are referred to. */
type Counts = Map<string, number>;

/** The entry of a map, which is made if there is none. */
export function entryOf<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}

/** Nothing is referred to yet. */
export function createReferredNames(): ReferredNames {
  const counts = new Map<string, Counts>();
  const before = new Map<string, Counts>();
  return {
    count(resource, by) {
      for (const [typeUrl, names] of resource.references) {
        const now = entryOf(counts, typeUrl, (): Counts => new Map());
        const old = entryOf(before, typeUrl, (): Counts => new Map());
        for (const name of names) {
          const count = now.get(name) ?? 0;
          if (!old.has(name)) old.set(name, count);
          now.set(name, count + by);
        }
      }
    },
    names: (typeUrl) =>
      [...(counts.get(typeUrl) ?? [])].flatMap(([name, count]) => (count > 0 ? name : [])),
    takeChanges(typeUrl) {
      const changed = [...(before.get(typeUrl) ?? [])];
      before.delete(typeUrl);
      const isWanted = (name: string): boolean => (counts.get(typeUrl)?.get(name) ?? 0) > 0;
      return {
        added: changed.flatMap(([name, count]) => (count === 0 && isWanted(name) ? name : [])),
        taken: changed.flatMap(([name, count]) => (count > 0 && !isWanted(name) ? name : [])),
      };
    },
  };
}
