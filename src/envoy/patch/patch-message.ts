/** Messages as patches change them. */
import type { JsonObject, Registry } from "@bufbuild/protobuf";
import { type CompiledPatch, TYPES } from "./compiled-patch.js";
import { mergeJson } from "./merge-json.js";

/** Patches of one proxy for one side of it, by what they are applied to. */
export type PatchesByTarget = Readonly<Record<CompiledPatch["target"], readonly CompiledPatch[]>>;

/** What patches are made with. */
export interface PatchContext {
  readonly registry: Registry;
  readonly patches: PatchesByTarget;
}

/** A message with the value of a merging patch laid over it. */
export function merged<Json extends object>(
  json: Json,
  { target, operation, value }: CompiledPatch,
  { registry }: PatchContext,
): Json {
  const schema = registry.getMessage(TYPES[target]);
  if (schema === undefined) throw new TypeError(`Envoy's API has no ${TYPES[target]}`);
  const lists = operation === "MERGE_AND_REPLACE_LIST" ? "replace" : "append";
  return mergeJson(schema, json as JsonObject, value, lists) as Json;
}
