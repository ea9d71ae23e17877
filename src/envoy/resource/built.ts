import type { ResourceRef } from "../../config/resource.js";

/** An Envoy resource in JSON, and the configuration that made it. */
export interface Built<Json extends object> {
  readonly name: string;
  readonly json: Json;
  readonly sources: readonly ResourceRef[];
}
