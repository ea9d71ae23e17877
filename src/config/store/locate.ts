import type { Position } from "../../base/diagnostic.js";
import type { Path } from "../kind.js";
import { placesIn } from "../reading/place.js";
import { idOf } from "../reading/resource.js";
import type { ResourceRef } from "../resource.js";
import type { ConfigState } from "./config-state.js";

/**
 * Where a resource is written that a file has, or the member at `path` in it: see ConfigSnapshot.locate. The section is
 * parsed for it.
 */
export function placeOfRef(
  state: Pick<ConfigState, "files" | "standings">,
  ref: ResourceRef,
  path: Path = [],
): Position | undefined {
  const id = idOf(ref);
  const file = state.standings.get(id)?.path;
  if (file === undefined) return undefined;
  const reading = state.files.byPath.get(file)?.reading;
  if (reading?.type === "folder") return { file: `${file}/tls.crt`, line: 1, column: 1 };
  const found = reading?.type === "file" ? reading.items.get(id) : undefined;
  if (found === undefined) return { file, line: 1, column: 1 };
  const { section, item } = found;
  const steps = [...item.base, ...path];
  return placesIn(file, section).ofMember(item.document, steps, "value").position;
}
