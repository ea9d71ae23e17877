/** Takes what is secret out of Envoy's messages, wherever in them it stands. */

import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Registry,
  ScalarType,
} from "@bufbuild/protobuf";
import { isMap } from "../../base/is-map.js";
import { typeNameIn } from "../../base/protobuf/type-url.js";
import { createRuleOptions, type RuleOptions } from "../../envoy/check/rule-options.js";

const REDACTED = "[redacted]";
/** In JSON bytes are Base64. */
const REDACTED_BYTES = Buffer.from(REDACTED).toString("base64");
const ANY = "google.protobuf.Any";
/** Messages whose JSON is not made of their fields. */
const WELL_KNOWN = /^google\.protobuf\.(?!Any$)/;

interface KnownField {
  readonly field: DescField;
  readonly isSensitive: boolean;
}

/** The object with other members, without those that are undefined now; the same object if none is another. */
function withMembers(
  json: JsonObject,
  change: (name: string, value: JsonValue) => JsonValue | undefined,
): JsonObject {
  const members = Object.entries(json).map(([name, value]) => [name, change(name, value)] as const);
  if (members.every(([name, value]) => value === json[name])) return json;
  const kept = members.filter((one): one is readonly [string, JsonValue] => one[1] !== undefined);
  return Object.fromEntries(kept);
}

/**
 * A redactor of the messages in a registry. What Envoy's API marks as sensitive is redacted as Envoy does in its own
 * `/config_dump`: texts become `[redacted]`, numbers and the like are left out. A message of unknown type is left out, as
 * nobody knows what it holds.
 */
export class Redactor {
  readonly #registry: Registry;
  readonly #options: RuleOptions;
  readonly #known = new WeakMap<DescMessage, ReadonlyMap<string, KnownField>>();

  /** @throws MissingOptionError when the registry lacks the mark of sensitive fields */
  constructor(registry: Registry) {
    this.#registry = registry;
    this.#options = createRuleOptions(registry);
  }

  /** Redacts canonical protobuf JSON of a message; what holds nothing secret is the same object as before. */
  redact(schema: DescMessage, json: JsonObject): JsonObject {
    return this.#message(schema, json, false);
  }

  #fieldsOf(schema: DescMessage): ReadonlyMap<string, KnownField> {
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    const fields = new Map(
      schema.fields.map((field) => {
        const isSensitive = this.#options.isSensitive(field);
        return [field.jsonName, { field, isSensitive }] as const;
      }),
    );
    this.#known.set(schema, fields);
    return fields;
  }

  /** `isSecret`: it stands in something sensitive, so all of it is. */
  #message(schema: DescMessage, json: JsonObject, isSecret: boolean): JsonObject {
    if (schema.typeName === ANY) return isSecret ? {} : this.#any(json);
    const fields = this.#fieldsOf(schema);
    return withMembers(json, (name, value) => {
      const known = fields.get(name);
      return known === undefined
        ? value
        : this.#field(known.field, value, isSecret || known.isSensitive);
    });
  }

  #any(json: JsonObject): JsonObject {
    const { "@type": type } = json;
    const name = typeof type === "string" ? typeNameIn(type) : "";
    const schema = this.#registry.getMessage(name);
    if (schema === undefined) return { "@type": type ?? "" };
    return WELL_KNOWN.test(name) ? json : this.#message(schema, json, false);
  }

  #field(field: DescField, value: JsonValue, isSecret: boolean): JsonValue | undefined {
    const one = (item: JsonValue): JsonValue | undefined => this.#value(field, item, isSecret);
    if (field.fieldKind === "list" && Array.isArray(value)) {
      const items = value.map(one);
      if (items.every((item, at) => item === value[at])) return value;
      return items.filter((item) => item !== undefined);
    }
    if (field.fieldKind === "map" && isMap(value)) {
      return withMembers(value, (_key, item) => one(item));
    }
    return one(value);
  }

  #value(
    { message, scalar }: DescField,
    value: JsonValue,
    isSecret: boolean,
  ): JsonValue | undefined {
    if (message !== undefined && !WELL_KNOWN.test(message.typeName) && isMap(value)) {
      return this.#message(message, value, isSecret);
    }
    if (!isSecret) return value;
    if (scalar === ScalarType.STRING) return REDACTED;
    return scalar === ScalarType.BYTES ? REDACTED_BYTES : undefined;
  }
}
