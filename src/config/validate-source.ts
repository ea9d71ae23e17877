import type { Diagnostic } from "../base/diagnostic.js";
import {
  diagnoseFile,
  diagnoseNoReading,
  inOrder,
  placesOfItems,
} from "./reading/diagnose-reading.js";
import { readSource } from "./reading/source.js";
import type { Source } from "./sources/source.js";

/**
 * What is wrong with a file by itself, in order: what it refers to in other files is not looked at, and may be missing.
 * An empty file has nothing that could be wrong. See istioctl validate.
 */
export function validateSource(source: Source): readonly Diagnostic[] {
  if (source.type === "text" && source.text.trim() === "") return [];
  const reading = readSource(source);
  switch (reading.type) {
    case "none":
      return [diagnoseNoReading(reading)];
    case "folder":
      return reading.secret.diagnostics;
    case "file":
      return inOrder(diagnoseFile(reading, placesOfItems(reading)));
  }
}
