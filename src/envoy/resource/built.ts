import type { ResourceRef } from "../../config/resource.js";

/** An Envoy resource in JSON, and the configuration that made it. */
export interface Built<Json extends object> {
  readonly name: string;
  readonly json: Json;
  readonly sources: readonly ResourceRef[];
  /** The exception in which making it ended, a fault of ours: it is withheld, alone. Its JSON is nothing then. */
  readonly fault?: unknown;
}

/** A resource as it is built; where that ends in an exception, one that is withheld, so that all others are sent. */
export function builtOrFault<Json extends object>(
  { name, sources }: Pick<Built<Json>, "name" | "sources">,
  build: () => Built<Json>,
): Built<Json | Record<string, never>> {
  try {
    return build();
  } catch (fault) {
    return { name, json: {}, sources, fault };
  }
}

/** Parts of a resource as they are built, none where that ends in an exception: the resource is withheld then. */
export function partsOrFault<Part>(build: () => Part[]): {
  readonly parts: Part[];
  readonly fault?: unknown;
} {
  try {
    return { parts: build() };
  } catch (fault) {
    return { parts: [], fault };
  }
}
