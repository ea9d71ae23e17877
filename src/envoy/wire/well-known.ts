/** The types of google.protobuf whose JSON is not that of their fields. */
import {
  type DescMessage,
  fromJson,
  type JsonValue,
  type Registry,
  toBinary,
} from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { goDuration } from "../duration.js";
import type { BackwardWriter } from "./backward-writer.js";
import { scalarEncoder } from "./scalar-encoder.js";
import { shown } from "./shown.js";

/** Encodes a message, without a head; returns it, or the JSON that stands for it in messages. */
export type JsonEncoder = (json: unknown, writer: BackwardWriter) => unknown;

/** The encoder of such a type, all but Any; undefined of other types. */
export function wellKnownEncoder(schema: DescMessage, registry: Registry): JsonEncoder | undefined {
  switch (schema.typeName) {
    case "google.protobuf.Duration":
      return encodeDuration;
    case "google.protobuf.Struct":
      return encodeStruct;
    case "google.protobuf.Value":
    case "google.protobuf.ListValue":
    case "google.protobuf.Timestamp":
    case "google.protobuf.FieldMask":
      return (json, writer) => {
        const message = fromJson(schema, json as JsonValue, { registry });
        writer.raw(toBinary(schema, message));
        return message;
      };
    default:
      return isWrapperDesc(schema) ? wrapperEncoder(schema) : undefined;
  }
}

const DURATION = /^(-?)(\d+)(?:\.(\d{1,9}))?s$/;

/**
 * Seconds are field 1, nanoseconds field 2; both have the sign of the whole. Beside protobuf's own text it may be one of Go's
 * (`1m30s`), for so Istio reads the patches of EnvoyFilters.
 */
function encodeDuration(json: unknown, writer: BackwardWriter): object {
  const [, sign = "", whole, fraction = ""] =
    (typeof json === "string" ? (DURATION.exec(json) ?? inSeconds(json)) : null) ?? [];
  if (whole === undefined) throw new TypeError(`expected a duration, got ${shown(json)}`);
  const factor = sign === "" ? 1 : -1;
  const nanos = factor * Number(fraction.padEnd(9, "0"));
  const seconds = BigInt(factor) * BigInt(whole);
  if (nanos !== 0) {
    writer.int32(nanos);
    writer.tag(2, 0);
  }
  if (seconds !== 0n) {
    writer.uint64(seconds);
    writer.tag(1, 0);
  }
  return { $typeName: "google.protobuf.Duration", seconds, nanos: nanos === 0 ? 0 : nanos };
}

const inSeconds = (text: string): RegExpExecArray | null => DURATION.exec(goDuration(text) ?? "");

/** Messages have the JSON itself. Its entries are field 1: the name is field 1 of an entry, the value field 2. */
function encodeStruct(json: unknown, writer: BackwardWriter): unknown {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TypeError(`expected an object, got ${shown(json)}`);
  }
  for (const [name, value] of Object.entries(json).reverse()) {
    const before = writer.length;
    writeValue(value, writer);
    writer.head(2, before);
    writeText(1, name, writer);
    writer.head(1, before);
  }
  return json;
}

function writeText(field: number, text: string, writer: BackwardWriter): void {
  const before = writer.length;
  writer.text(text);
  writer.head(field, before);
}

/** Fields 1 to 6: null, number, text, truth, object, list (google/protobuf/struct.proto). */
function writeValue(value: unknown, writer: BackwardWriter): void {
  const before = writer.length;
  switch (typeof value) {
    case "string":
      writeText(3, value, writer);
      break;
    case "number":
      writer.double(value);
      writer.tag(2, 1);
      break;
    case "boolean":
      writer.uint32(value ? 1 : 0);
      writer.tag(4, 0);
      break;
    case "object":
      if (value === null) {
        writer.uint32(0);
        writer.tag(1, 0);
      } else if (Array.isArray(value)) {
        writeList(value, writer);
        writer.head(6, before);
      } else {
        encodeStruct(value, writer);
        writer.head(5, before);
      }
      break;
    default:
      throw new TypeError(`expected JSON, got ${typeof value}`);
  }
}

function writeList(list: readonly unknown[], writer: BackwardWriter): void {
  for (const value of list.toReversed()) {
    const before = writer.length;
    writeValue(value, writer);
    writer.head(1, before);
  }
}

/** What is wrapped is field 1; nothing is written of a zero. */
function wrapperEncoder(schema: DescMessage): JsonEncoder | undefined {
  const [field] = schema.fields;
  if (field?.fieldKind !== "scalar") return undefined;
  const { wireType, zero, read, write } = scalarEncoder(field.scalar);
  return (json, writer) => {
    const value = read(json);
    const isEmpty = value instanceof Uint8Array && value.length === 0;
    if (value !== zero && !isEmpty) {
      write(value, writer);
      writer.tag(1, wireType);
    }
    return { $typeName: schema.typeName, value };
  };
}
