/**
 * Envoy's admin interface names fields as the .proto files do (`route_config`); canonical protobuf JSON, which istioctl
 * prints and a control plane tells, has them in lower camel case (`routeConfig`). Here all is canonical.
 */
import { isMap } from "../base/is-map.js";

/** Maps whose keys are data and whose values are messages. */
const MESSAGE_MAPS: ReadonlySet<string> = new Set([
  "typed_per_filter_config",
  "typed_extension_protocol_options",
  "typed_filter_metadata",
  "policies",
  "providers",
  "requirement_map",
]);

/** Fields of type google.protobuf.Struct, or maps to it: all in them is data. */
const DATA: ReadonlySet<string> = new Set([
  "filter_metadata",
  "json_format",
  "default_subset",
  "static_layer",
  "value",
]);

const FIELD = /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/;

const camelCase = (name: string): string =>
  FIELD.test(name)
    ? name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    : name;

/** The fields by which to tell the messages named `metadata`: core.v3.Metadata, a tag of traces, what a policy looks at. */
const METADATA_FIELDS: ReadonlySet<string> = new Set([
  "filter_metadata",
  "typed_filter_metadata",
  "metadata_key",
  "filter",
]);

/** The fields of which a value of OpenTelemetry, which is named `value` too, has one. */
const OTEL_VALUES: ReadonlySet<string> = new Set([
  "string_value",
  "bool_value",
  "int_value",
  "double_value",
  "array_value",
  "kvlist_value",
  "bytes_value",
]);

/**
 * `metadata` is a Struct of a node and of its build version, and `value` one unless it is matched by a policy, or is one of
 * OpenTelemetry.
 */
function isStruct(name: string, value: unknown): boolean {
  if (!isMap(value)) return DATA.has(name) && Array.isArray(value);
  const fields = Object.keys(value);
  if (name === "metadata") return !fields.some((field) => METADATA_FIELDS.has(field));
  if (name === "value") {
    const [only = "", ...others] = fields;
    const isOtel = others.length === 0 && OTEL_VALUES.has(only);
    return !isOtel && !fields.some((field) => field.endsWith("_match"));
  }
  return DATA.has(name);
}

/** A value of Envoy's JSON as canonical protobuf JSON; one that is canonical stays as it is. */
export function canonicalJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonicalJson);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [camelCase(name), memberOf(name, member)]),
  );
}

function memberOf(name: string, member: unknown): unknown {
  if (isStruct(name, member)) return member;
  if (!MESSAGE_MAPS.has(name) || !isMap(member)) return canonicalJson(member);
  return Object.fromEntries(
    Object.entries(member).map(([key, message]) => [key, canonicalJson(message)]),
  );
}
