import type { Diagnostic } from "../base/diagnostic.js";
import type { ResourceOf } from "./kinds.js";
import {
  diagnoseFile,
  diagnoseFinding,
  diagnoseNoReading,
  inOrder,
  type PlacesOf,
  placesOfItems,
} from "./reading/diagnose-reading.js";
import { type FileReading, readSource } from "./reading/source.js";
import { type CheckPatch, checkEnvoyPatches } from "./references/envoy-patches.js";
import type { ConfigResource } from "./resource.js";
import type { Source } from "./sources/source.js";

/** What a file is validated with. */
export interface ValidateWith {
  /** Without it nothing is said of what the patches of EnvoyFilters say in Envoy's API. */
  readonly checkPatch?: CheckPatch;
}

/**
 * What is wrong with a file by itself, in order: what it refers to in other files is not looked at, and may be missing.
 * An empty file has nothing that could be wrong. See istioctl validate.
 */
export function validateSource(
  source: Source,
  { checkPatch }: ValidateWith = {},
): readonly Diagnostic[] {
  if (source.type === "text" && source.text.trim() === "") return [];
  const reading = readSource(source);
  switch (reading.type) {
    case "none":
      return [diagnoseNoReading(reading)];
    case "folder":
      return reading.secret.diagnostics;
    case "file": {
      const placesOf = placesOfItems(reading);
      const patches =
        checkPatch === undefined ? [] : diagnosePatches(reading, placesOf, checkPatch);
      return inOrder([...diagnoseFile(reading, placesOf), ...patches]);
    }
  }
}

function* diagnosePatches(
  { items }: FileReading,
  placesOf: PlacesOf,
  checkPatch: CheckPatch,
): Iterable<Diagnostic> {
  for (const found of items.values()) {
    const { resource } = found.item;
    if (resource === undefined || !isEnvoyFilter(resource)) continue;
    for (const finding of checkEnvoyPatches(resource, checkPatch)) {
      yield diagnoseFinding(placesOf(found), found.item, finding);
    }
  }
}

function isEnvoyFilter(resource: ConfigResource): resource is ResourceOf<"EnvoyFilter"> {
  return resource.kind === "EnvoyFilter";
}
