import type { AnyJson } from "@bufbuild/protobuf/wkt";

/** A message of any type in canonical JSON: its fields beside `@type`. The encoder checks them against the type. */
export function any<T extends object>(typeName: string, message: T): AnyJson {
  return { "@type": `type.googleapis.com/${typeName}`, ...message } as AnyJson;
}
