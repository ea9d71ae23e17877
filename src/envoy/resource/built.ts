import type { ResourceRef } from "../../config/resource.js";

/** An Envoy resource in JSON, and the configuration that made it. */
export interface Built<Json extends object> {
  readonly name: string;
  readonly json: Json;
  readonly sources: readonly ResourceRef[];
  /** The exception in which making it ended, a fault of ours: it is withheld, alone. Its JSON is nothing then. */
  readonly fault?: unknown;
}

/** What is made; where that ends in an exception, a fault of ours, what is in its place, so that all else is made. */
export function madeOr<Made, Other>(
  make: () => Made,
  instead: (fault: unknown) => Other,
): Made | Other {
  try {
    return make();
  } catch (fault) {
    return instead(fault);
  }
}

/** Parts of a resource as they are made, none where that ends in an exception: the resource is withheld then. */
export const partsOrFault = <Part>(
  make: () => Part[],
): { readonly parts: Part[]; readonly fault?: unknown } =>
  madeOr(
    () => ({ parts: make() }),
    (fault) => ({ parts: [], fault }),
  );
