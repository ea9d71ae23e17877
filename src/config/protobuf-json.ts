import { IsArray, IsInteger, IsNumber, IsObject, IsRecord, type TSchema } from "typebox";
import { isMap } from "./reading/value.js";

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * A value with the numbers in place of the texts that they are written as, where its schema wants numbers; the value
 * itself when there are none. Protobuf's JSON allows both, and Istio reads its own configuration as that (resources have the
 * schemas of their definitions, which allow numbers alone). See ProtoJSON Format, "JSON string or number".
 */
export function withNumbers(schema: TSchema, value: unknown): unknown {
  if (typeof value === "string") {
    return (IsInteger(schema) || IsNumber(schema)) && NUMBER.test(value) ? Number(value) : value;
  }
  if (Array.isArray(value)) {
    return IsArray(schema)
      ? kept(
          value,
          value.map((item) => withNumbers(schema.items, item)),
        )
      : value;
  }
  if (!isMap(value)) return value;
  const entries = Object.entries(value);
  const read = entries.map(([name, member]) => {
    const field = fieldOf(schema, name);
    return field === undefined ? member : withNumbers(field, member);
  });
  const isKept = entries.every(([, member], i) => member === read[i]);
  return isKept ? value : Object.fromEntries(entries.map(([name], i) => [name, read[i]]));
}

function kept(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  return before.every((item, i) => item === after[i]) ? before : after;
}

function fieldOf(schema: TSchema, name: string): TSchema | undefined {
  if (IsObject(schema))
    return Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  // A map has one schema for all of its names.
  return IsRecord(schema) ? Object.values(schema.patternProperties)[0] : undefined;
}
