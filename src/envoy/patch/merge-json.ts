/** Merges messages in canonical JSON as protobuf does. */

import type { DescField, DescMessage, JsonObject, JsonValue, Registry } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { isMap } from "../../base/is-map.js";
import { typeNameIn } from "../../base/protobuf/type-url.js";

/** What becomes of the elements of a list that both messages have: those of the patch are added, or stand alone. */
export type ListMerge = "append" | "replace";

/** Messages that stand for one value, which is replaced as a whole; what is packed is one. */
const VALUES: ReadonlySet<string> = new Set([
  "google.protobuf.Any",
  "google.protobuf.Duration",
  "google.protobuf.Timestamp",
  "google.protobuf.Value",
  "google.protobuf.ListValue",
]);
/** In JSON it is the map that it stands for. */
const STRUCT = "google.protobuf.Struct";

/**
 * A message with what a patch of the same type says laid over it: messages are merged, maps by their keys, other values
 * replaced; of fields that exclude one another that of the patch stays. See protobuf, Message.MergeFrom.
 */
export function mergeJson(
  schema: DescMessage,
  target: JsonObject,
  patch: JsonObject,
  lists: ListMerge,
): JsonObject {
  const given = schema.fields.filter(({ jsonName }) => patch[jsonName] !== undefined);
  const excluded = new Set(
    given.flatMap(({ jsonName, oneof }) =>
      (oneof?.fields ?? []).map((field) => field.jsonName).filter((name) => name !== jsonName),
    ),
  );
  const kept = Object.entries(target).filter(([name]) => !excluded.has(name));
  const laid = given.flatMap((field): (readonly [string, JsonValue])[] => {
    const value = patch[field.jsonName];
    if (value === undefined) return [];
    return [[field.jsonName, mergeField(field, target[field.jsonName], value, lists)]];
  });
  return Object.fromEntries([...kept, ...laid]);
}

/**
 * What is packed, with what is packed as the same type laid over it, whose lists are always added to; undefined when the
 * types are two. See Istio, MergeAnyWithAny.
 */
export function mergePacked(
  registry: Registry,
  target: JsonObject,
  patch: JsonObject,
): JsonObject | undefined {
  const { "@type": type } = target;
  if (typeof type !== "string" || patch["@type"] !== type) return undefined;
  const schema = registry.getMessage(typeNameIn(type));
  return schema && { ...mergeJson(schema, target, patch, "append"), "@type": type };
}

function mergeField(
  field: DescField,
  old: JsonValue | undefined,
  value: JsonValue,
  lists: ListMerge,
): JsonValue {
  switch (field.fieldKind) {
    case "list":
      return lists === "append" && Array.isArray(old) && Array.isArray(value)
        ? [...old, ...value]
        : value;
    case "map":
      return isMap(old) && isMap(value) ? { ...old, ...value } : value;
    case "message": {
      const { message } = field;
      const isWhole = VALUES.has(message.typeName) || isWrapperDesc(message);
      if (isWhole || !isMap(old) || !isMap(value)) return value;
      return message.typeName === STRUCT
        ? { ...old, ...value }
        : mergeJson(message, old, value, lists);
    }
    default:
      return value;
  }
}
