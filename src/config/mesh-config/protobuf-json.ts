import { IsArray, IsInteger, IsNumber, IsObject, IsRecord, type TSchema } from "typebox";
import { isMap } from "../../base/is-map.js";
import { memberOf } from "../../base/member-of.js";

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * A value as its schema has it, of all the ways in which protobuf's JSON allows to write it, for Istio reads its own
 * configuration as that (resources have the schemas of their definitions, which allow one way alone): numbers may be texts, and
 * fields may be named as in the .proto files (`resource_detectors`). The value itself when there is nothing of that. See ProtoJSON
 * Format.
 */
export function readProtobufJson(schema: TSchema, value: unknown): unknown {
  if (typeof value === "string") {
    return (IsInteger(schema) || IsNumber(schema)) && NUMBER.test(value) ? Number(value) : value;
  }
  if (Array.isArray(value)) {
    return IsArray(schema)
      ? kept(
          value,
          value.map((item) => readProtobufJson(schema.items, item)),
        )
      : value;
  }
  if (!isMap(value)) return value;
  const read = Object.entries(value).map(([name, member]): readonly [string, unknown] => {
    const own = ownName(schema, name, value);
    const field = fieldOf(schema, own);
    return [own, field === undefined ? member : readProtobufJson(field, member)];
  });
  const isKept = read.every(
    ([name, member]) => Object.hasOwn(value, name) && member === value[name],
  );
  return isKept ? value : Object.fromEntries(read);
}

const PROTO_NAME = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/;

/** The name of a field that is named as in the .proto files; one that is also given by its own name keeps that. */
function ownName(schema: TSchema, name: string, fields: object): string {
  if (!PROTO_NAME.test(name) || fieldOf(schema, name) !== undefined) return name;
  const own = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return fieldOf(schema, own) === undefined || Object.hasOwn(fields, own) ? name : own;
}

function kept(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  return before.every((item, i) => item === after[i]) ? before : after;
}

function fieldOf(schema: TSchema, name: string): TSchema | undefined {
  if (IsObject(schema)) return memberOf(schema.properties, name);
  // A map has one schema for all of its names.
  return IsRecord(schema) ? Object.values(schema.patternProperties)[0] : undefined;
}
