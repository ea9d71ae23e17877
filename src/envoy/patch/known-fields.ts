/** What of a value Envoy's API has fields for. */
import type { DescField, DescMessage, Registry } from "@bufbuild/protobuf";
import type { Path } from "../../config/kind.js";

/** A field that there is not, and what its message has. */
export interface UnknownField {
  readonly path: Path;
  readonly fields: readonly string[];
}

/** A value without what its type has no fields for. */
export interface KnownFields {
  readonly value: object;
  /** In the order in which they are written. */
  readonly unknown: readonly UnknownField[];
}

/**
 * A value in JSON as far as a message has fields for it, and so the messages in it, also those in an Any; what is wrong otherwise
 * stays. Fields of newer or other builds of Envoy are left out by Istio as well. See Istio, BuildXDSObjectFromStruct.
 */
export function knownFields(registry: Registry, typeName: string, value: object): KnownFields {
  const unknown: UnknownField[] = [];
  const schema = registry.getMessage(typeName);
  if (schema === undefined) return { value, unknown };
  return { value: strip({ registry, unknown }, schema, value, []) as object, unknown };
}

interface Walk {
  readonly registry: Registry;
  readonly unknown: UnknownField[];
}

const ANY = "google.protobuf.Any";

/** Messages whose JSON is not that of their fields: durations, structs, wrappers. */
const isPlainJson = ({ typeName }: DescMessage): boolean => typeName.startsWith("google.protobuf.");

function strip(walk: Walk, schema: DescMessage, value: unknown, path: Path): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (schema.typeName === ANY) return stripAny(walk, value, path);
  if (isPlainJson(schema)) return value;
  return stripMembers(walk, schema, Object.entries(value), path);
}

/** The fields of a message of Envoy's stand beside the name of its type; others have theirs in `value`. */
function stripAny(walk: Walk, value: object, path: Path): unknown {
  const { "@type": url } = value as { readonly "@type"?: unknown };
  const name = typeof url === "string" ? url.slice(url.lastIndexOf("/") + 1) : "";
  const schema = walk.registry.getMessage(name);
  if (schema === undefined || isPlainJson(schema)) return value;
  const members = Object.entries(value).filter(([field]) => field !== "@type");
  return { "@type": url, ...stripMembers(walk, schema, members, path) };
}

function stripMembers(
  walk: Walk,
  schema: DescMessage,
  members: readonly (readonly [string, unknown])[],
  path: Path,
): object {
  return Object.fromEntries(
    members.flatMap(([name, member]) => {
      const field = fieldCalled(schema, name);
      const at = [...path, name];
      if (field !== undefined) return [[name, stripField(walk, field, member, at)]];
      walk.unknown.push({ path: at, fields: schema.fields.map((one) => one.name) });
      return [];
    }),
  );
}

const fieldCalled = ({ fields }: DescMessage, name: string): DescField | undefined =>
  fields.find((field) => field.name === name || field.jsonName === name);

function stripField(walk: Walk, field: DescField, value: unknown, path: Path): unknown {
  const { message } = field;
  if (message === undefined) return value;
  if (field.fieldKind === "list") {
    if (!Array.isArray(value)) return value;
    return value.map((one, index) => strip(walk, message, one, [...path, index]));
  }
  if (field.fieldKind !== "map") return strip(walk, message, value, path);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, strip(walk, message, one, [...path, key])]),
  );
}
