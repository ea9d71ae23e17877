/** Merges messages in canonical JSON as protobuf does. */
import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Registry,
} from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

/** What becomes of the elements of a list that both messages have: those of the patch are added, or stand alone. */
export type ListMerge = "append" | "replace";

/** Messages that stand for one value, which is replaced as a whole. */
const VALUES: ReadonlySet<string> = new Set([
  "google.protobuf.Duration",
  "google.protobuf.Timestamp",
  "google.protobuf.Struct",
  "google.protobuf.Value",
  "google.protobuf.ListValue",
]);
const ANY = "google.protobuf.Any";

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A message with what a patch of the same type says laid over it: messages are merged, maps by their keys, other values
 * replaced; of fields that exclude one another that of the patch stays. What is packed into an Any is merged with what
 * is packed as the same type, and there lists are always added to. See protobuf, Message.MergeFrom, and Istio, EnvoyFilter.
 */
export function mergeJson(
  schema: DescMessage,
  target: JsonObject,
  patch: JsonObject,
  options: { readonly registry: Registry; readonly lists: ListMerge },
): JsonObject {
  if (schema.typeName === ANY) return mergeAny(target, patch, options.registry);
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
    return [[field.jsonName, mergeField(field, target[field.jsonName], value, options)]];
  });
  return Object.fromEntries([...kept, ...laid]);
}

function mergeField(
  field: DescField,
  old: JsonValue | undefined,
  value: JsonValue,
  options: Parameters<typeof mergeJson>[3],
): JsonValue {
  switch (field.fieldKind) {
    case "list":
      return options.lists === "append" && Array.isArray(old) && Array.isArray(value)
        ? [...old, ...value]
        : value;
    case "map":
      return isObject(old) && isObject(value) ? { ...old, ...value } : value;
    case "message": {
      const { message } = field;
      const isWhole = VALUES.has(message.typeName) || isWrapperDesc(message);
      return !isWhole && isObject(old) && isObject(value)
        ? mergeJson(message, old, value, options)
        : value;
    }
    default:
      return value;
  }
}

function mergeAny(target: JsonObject, patch: JsonObject, registry: Registry): JsonObject {
  const { "@type": type } = target;
  if (typeof type !== "string" || patch["@type"] !== type) return patch;
  const schema = registry.getMessage(nameOf(type));
  if (schema === undefined || VALUES.has(schema.typeName)) return patch;
  const merged = mergeJson(schema, target, patch, { registry, lists: "append" });
  return { ...merged, "@type": type };
}

/** The name in `type.googleapis.com/NAME`. */
const nameOf = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
