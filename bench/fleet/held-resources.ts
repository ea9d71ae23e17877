/** What a proxy holds, by type and name, and the names that this refers to: those are what it asks for next. */
import type { KnownResource } from "./known-resources.js";
import { createReferredNames, entryOf, type NameChanges } from "./referred-names.js";

/** See the top of this file. */
export interface HeldResources {
  readonly put: (typeUrl: string, resource: KnownResource) => void;
  readonly remove: (typeUrl: string, name: string) => void;
  readonly of: (typeUrl: string) => readonly KnownResource[];
  /** The names of a type that held resources refer to. */
  readonly referred: (typeUrl: string) => readonly string[];
  /**
   * Which names of a type became referred to since this was asked last, and which are no more. What is no longer referred to
   * is held no longer, without a word from the server, as in Envoy.
   */
  readonly takeChanges: (typeUrl: string) => NameChanges;
}

/** Nothing is held yet. */
export function createHeldResources(): HeldResources {
  const held = new Map<string, Map<string, KnownResource>>();
  const referred = createReferredNames();
  const heldOf = (typeUrl: string): Map<string, KnownResource> =>
    entryOf(held, typeUrl, () => new Map<string, KnownResource>());
  return {
    put(typeUrl, resource) {
      const all = heldOf(typeUrl);
      const before = all.get(resource.name);
      referred.count(resource, 1);
      all.set(resource.name, resource);
      if (before !== undefined) referred.count(before, -1);
    },
    remove(typeUrl, name) {
      const all = heldOf(typeUrl);
      const before = all.get(name);
      all.delete(name);
      if (before !== undefined) referred.count(before, -1);
    },
    of: (typeUrl) => [...heldOf(typeUrl).values()],
    referred: referred.names,
    takeChanges(typeUrl) {
      const changes = referred.takeChanges(typeUrl);
      for (const name of changes.taken) heldOf(typeUrl).delete(name);
      return changes;
    },
  };
}
