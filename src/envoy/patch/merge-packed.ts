/** Filters and transport sockets: the configuration that is packed in them is merged. See Istio, EnvoyFilter.Patch.MERGE. */
import type { AnyJson } from "@bufbuild/protobuf/wkt";
import type { TransportSocketJson } from "../api.js";
import type { CompiledPatch } from "./compiled-patch.js";
import { mergePacked } from "./merge-json.js";
import type { PatchContext } from "./patch-message.js";

/** A filter of any kind. */
interface Filter {
  readonly name?: string;
  readonly typedConfig?: AnyJson;
}

/**
 * A filter with the name and the configuration of a patch laid over its own; one whose configuration is of another type, or
 * comes from elsewhere, stays as it is.
 */
export function mergeFilter<T extends Filter>(
  filter: T,
  { value }: CompiledPatch,
  { registry }: PatchContext,
): T {
  const { name = "", typedConfig: patch } = value as Filter;
  const { typedConfig: own } = filter;
  const typedConfig = own && (patch === undefined ? own : mergePacked(registry, own, patch));
  if (typedConfig === undefined) return filter;
  return { ...filter, ...(name === "" ? {} : { name }), typedConfig };
}

/** A transport socket with one of the same name laid over it; one of another name takes its place. */
export function mergeSocket(
  own: TransportSocketJson | undefined,
  patch: TransportSocketJson,
  { registry }: PatchContext,
): TransportSocketJson {
  if (own === undefined || own.name !== patch.name) return patch;
  if (own.typedConfig === undefined || patch.typedConfig === undefined) return own;
  const typedConfig = mergePacked(registry, own.typedConfig, patch.typedConfig);
  return typedConfig === undefined ? own : { ...own, typedConfig: typedConfig };
}
