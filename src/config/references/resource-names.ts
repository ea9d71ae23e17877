import type { Derivation } from "../../base/engine/derivation.js";
import type { Engine } from "../../base/engine/engine.js";
import type { Kind, ResourceOf } from "../kinds.js";

/** The names of the resources of a kind: a table that changes only when one comes or goes. */
export function createNames<K extends Kind>(
  engine: Engine,
  name: string,
): Derivation<[ResourceOf<K>], [], true> {
  return engine.derive<[ResourceOf<K>], [], true>(name, (_key, [resource]) =>
    resource === undefined ? undefined : true,
  );
}
