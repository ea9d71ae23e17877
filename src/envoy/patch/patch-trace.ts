/** Which patches of EnvoyFilters and extensions made a resource, and each part of it, what it is. */
import type { Path } from "../../config/kind.js";
import type { ResourceRef } from "../../config/resource.js";
import type { CompiledPatch } from "./compiled-patch.js";

/** What remains known of the patches of a resource; parts are compared when someone asks. */
export interface PatchTrace {
  /** Those that changed it, or made it, the last first. */
  readonly patches: readonly CompiledPatch[];
  /** What some of these make of it, as it is decoded from its bytes; undefined when that is nothing that Envoy could be sent. */
  readonly after: (some: readonly CompiledPatch[]) => object | undefined;
}

/** Where a patch is written. */
export function placeOfPatch({ source, path }: Pick<CompiledPatch, "source" | "path">): {
  readonly ref: ResourceRef;
  readonly path: Path;
} {
  return { ref: source, path };
}

/**
 * Tells which patches made a part of a resource what it is: such as a filter or a route, as it is decoded from the resource's
 * bytes. A part is a patch's when it would not be there without it, or is there by it alone.
 */
export function patchesOfParts({
  patches,
  after,
}: PatchTrace): (part: object) => readonly CompiledPatch[] {
  const before = partsIn(after([]));
  const each = patches.map((patch) => ({
    patch,
    without: partsIn(after(patches.filter((one) => one !== patch))),
    alone: partsIn(after([patch])),
  }));
  return (part) => {
    const text = JSON.stringify(part);
    const isNew = !before.has(text);
    return each
      .filter(({ without, alone }) => !without.has(text) || (isNew && alone.has(text)))
      .map(({ patch }) => patch);
  };
}

/** All objects in a value, as text. */
function partsIn(json: object | undefined): ReadonlySet<string> {
  const found = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (!Array.isArray(value)) found.add(JSON.stringify(value));
    Object.values(value).forEach(collect);
  };
  collect(json);
  return found;
}
