import type { AnyJson } from "@bufbuild/protobuf/wkt";
import { typeUrlOf } from "../base/protobuf/type-url.js";

/** A message of any type in canonical JSON: its fields beside `@type`. The encoder checks them against the type. */
export function any(typeName: string, message: object): AnyJson {
  return { "@type": typeUrlOf(typeName), ...message };
}
