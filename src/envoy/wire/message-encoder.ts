/**
 * From canonical protobuf JSON to bytes in one pass, by descriptors. The encoder of a message type is made when the type is
 * first met. The bytes are those that protobuf-es gives by two passes (`fromJson`, `toBinary`), each of which goes by all
 * the fields that a message might have. The message comes out too, for those who check it.
 */

import type { DescField, DescMessage, DescOneof, Message, Registry } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { errorMessage } from "../../base/error-message.js";
import { isMap } from "../../base/is-map.js";
import { typeNameIn } from "../../base/protobuf/type-url.js";
import { BackwardWriter } from "./backward-writer.js";
import { enumEncoder, type ScalarEncoder, scalarEncoder } from "./scalar-encoder.js";
import { sharedEncodings } from "./shared-message.js";
import { shown } from "./shown.js";
import { type JsonEncoder, wellKnownEncoder } from "./well-known.js";

/** An encoded message. */
export interface EncodedMessage {
  readonly bytes: Buffer;
  /** As protobuf-es has it. What is not set it inherits. */
  readonly message: Message;
}

/** JSON that is no message of its type; says where. */
class JsonError extends Error {
  readonly code = "json";
  constructor(place: string, cause: unknown) {
    super(`${place}: ${errorMessage(cause)}`, { cause });
    this.name = "JsonError";
  }
}

/** Encodes what there is of one field, and returns what the message has of it. */
type FieldEncoder = (json: unknown, writer: BackwardWriter) => unknown;

interface Field {
  readonly desc: DescField;
  readonly number: number;
  /** The property of the message: its own, or that of its oneof. */
  readonly slot: string;
  readonly encode: FieldEncoder;
}

/** What is known of a message type. */
interface MessageType {
  readonly schema: DescMessage;
  /** What messages inherit: what they have of the fields that are not set. */
  readonly unset: object;
  /** By both of their names. */
  readonly fields: ReadonlyMap<string, Field>;
}

const ANY = "google.protobuf.Any";

/**
 * Makes an encoder for the types of a registry.
 * The encoder throws a JsonError for JSON that is no message of the type: unknown fields, enum words and Any types, and values
 * of other kinds. null stands for what is not set.
 */
export function createMessageEncoder(
  registry: Registry,
): (schema: DescMessage, json: unknown) => EncodedMessage {
  const writer = new BackwardWriter();
  const types = createTypes(registry);
  return (schema, json) => {
    writer.clear();
    const message = types.encode(schema, json, writer) as Message;
    return { bytes: writer.copy(), message };
  };
}

/** What was packed into an Any that came out of here; undefined of others. */
export const unpackedOf = (any: Message): Message | undefined => unpacked.get(any);

const unpacked = new WeakMap<Message, Message>();

/** The encoders of the types of a registry. */
interface Types {
  /** Encodes a message, without a head; returns it, or the JSON that stands for it in messages. */
  readonly encode: (schema: DescMessage, json: unknown, writer: BackwardWriter) => unknown;
}

function createTypes(registry: Registry): Types {
  const encoders = new Map<DescMessage, JsonEncoder>();
  const types: Types = {
    encode: (schema, json, writer) => {
      const known = encoders.get(schema);
      if (known !== undefined) return known(json, writer);
      const made = encoderOf(schema);
      encoders.set(schema, made);
      return made(json, writer);
    },
  };
  const encoderOf = (schema: DescMessage): JsonEncoder =>
    schema.typeName === ANY
      ? anyEncoder(registry, types, schema)
      : (wellKnownEncoder(schema, registry) ?? messageEncoder(schema, types));
  return types;
}

function recordOf(json: unknown): Readonly<Record<string, unknown>> {
  if (isMap(json)) return json;
  throw new TypeError(`expected an object, got ${shown(json)}`);
}

function messageEncoder(schema: DescMessage, types: Types): JsonEncoder {
  const type = messageType(schema, types);
  return (json, writer) => encodeFields(type, recordOf(json), writer);
}

/** The names of JSON that say of what type something is, not what is in it. */
const TYPE_KEY = "@type";

/** A field that is there. */
interface Present {
  readonly field: Field;
  readonly json: unknown;
  value: unknown;
}

function encodeFields(
  type: MessageType,
  json: Readonly<Record<string, unknown>>,
  writer: BackwardWriter,
): object {
  const present = presentFields(type, json);
  for (let i = present.length - 1; i >= 0; i--) {
    const one = present[i];
    if (one !== undefined) one.value = encodeField(one.field, one.json, writer);
  }
  const message = Object.create(type.unset) as Record<string, unknown>;
  for (const { field, value } of present) {
    const { slot, desc } = field;
    if (Object.hasOwn(message, slot)) throw new JsonError(fieldName(desc), "is there twice");
    message[slot] = value;
  }
  return message;
}

/** By their numbers. */
function presentFields(
  { schema, fields }: MessageType,
  json: Readonly<Record<string, unknown>>,
): readonly Present[] {
  const present: Present[] = [];
  // To sort what is in order made a twentieth of all the garbage of a start.
  let isInOrder = true;
  let last = 0;
  for (const key of Object.keys(json)) {
    const value = json[key];
    if (value === null || key === TYPE_KEY) continue;
    const field = fields.get(key);
    if (field === undefined) throw new JsonError(schema.typeName, `no field is called "${key}"`);
    present.push({ field, json: value, value: undefined });
    isInOrder &&= field.number >= last;
    last = field.number;
  }
  return isInOrder ? present : present.sort((a, b) => a.field.number - b.field.number);
}

const fieldName = ({ parent, name }: DescField): string => `${parent.typeName}.${name}`;

function encodeField({ desc, encode }: Field, json: unknown, writer: BackwardWriter): unknown {
  try {
    return encode(json, writer);
  } catch (error) {
    throw error instanceof JsonError ? error : new JsonError(fieldName(desc), error);
  }
}

function messageType(schema: DescMessage, types: Types): MessageType {
  const fields = new Map<string, Field>();
  for (const desc of schema.fields) {
    const { number, oneof, localName } = desc;
    const encode = fieldEncoder(desc, types);
    const field =
      oneof === undefined
        ? { desc, number, slot: localName, encode }
        : { desc, number, slot: oneof.localName, encode: inOneof(localName, encode) };
    fields.set(desc.name, field).set(desc.jsonName, field);
  }
  return { schema, fields, unset: unsetMessage(schema) };
}

const inOneof =
  (localName: string, encode: FieldEncoder): FieldEncoder =>
  (json, writer) => ({ case: localName, value: encode(json, writer) });

/** Not frozen: what inherits from a property that is read-only cannot set it. */
function unsetMessage(schema: DescMessage): object {
  const fields = schema.fields.filter(({ oneof }) => oneof === undefined);
  return {
    $typeName: schema.typeName,
    ...Object.fromEntries(schema.oneofs.map(unsetOneof)),
    ...Object.fromEntries(fields.flatMap(unsetField)),
  };
}

const unsetOneof = ({ localName }: DescOneof): readonly [string, object] => [
  localName,
  Object.freeze({ case: undefined }),
];

function unsetField(field: DescField): readonly (readonly [string, unknown])[] {
  const { localName } = field;
  if (field.fieldKind === "list") return [[localName, Object.freeze([])]];
  if (field.fieldKind === "map") return [[localName, Object.freeze({})]];
  if (field.fieldKind === "message" || hasPresence(field)) return [];
  return [[localName, singleEncoder(field).zero]];
}

const hasPresence = ({ presence }: DescField): boolean =>
  presence !== FeatureSet_FieldPresence.IMPLICIT;

function fieldEncoder(field: DescField, types: Types): FieldEncoder {
  switch (field.fieldKind) {
    case "list":
      return listEncoder(field, types);
    case "map":
      return mapEncoder(field, types);
    case "message":
      return singleMessageEncoder(field, types);
    case "scalar":
    case "enum":
      return singleValueEncoder(field);
  }
}

function singleEncoder(
  field: DescField & { readonly fieldKind: "scalar" | "enum" },
): ScalarEncoder {
  return field.fieldKind === "enum" ? enumEncoder(field.enum) : scalarEncoder(field.scalar);
}

function singleValueEncoder(
  field: DescField & { readonly fieldKind: "scalar" | "enum" },
): FieldEncoder {
  const { wireType, zero, read, write } = singleEncoder(field);
  const { number } = field;
  const isOptional = !hasPresence(field);
  const isZero = (value: unknown): boolean =>
    value === zero || (value instanceof Uint8Array && value.length === 0);
  return (json, writer) => {
    const value = read(json);
    if (isOptional && isZero(value)) return value;
    write(value, writer);
    writer.tag(number, wireType);
    return value;
  };
}

/** Encodes a message into a field of this number, its head included. */
function messageField(number: number, message: DescMessage, types: Types): FieldEncoder {
  return (json, writer) => {
    const before = writer.length;
    const value = types.encode(message, json, writer);
    writer.head(number, before);
    return value;
  };
}

/** Encodes a value into a field of this number, its tag included. */
function valueField(number: number, { wireType, read, write }: ScalarEncoder): FieldEncoder {
  return (json, writer) => {
    const value = read(json);
    write(value, writer);
    writer.tag(number, wireType);
    return value;
  };
}

function singleMessageEncoder(
  { number, message, oneof }: DescField & { readonly fieldKind: "message" },
  types: Types,
): FieldEncoder {
  const encode = messageField(number, message, types);
  // In a field of its own what is wrapped stands bare.
  if (!isWrapperDesc(message) || oneof !== undefined) return encode;
  return (json, writer) => (encode(json, writer) as { readonly value: unknown }).value;
}

/** Writes one element of a list; its tag too, unless the list has one for all. */
function elementEncoder(
  field: DescField & { readonly fieldKind: "list" },
  types: Types,
): FieldEncoder {
  if (field.listKind === "message") return messageField(field.number, field.message, types);
  const scalar = field.listKind === "enum" ? enumEncoder(field.enum) : scalarEncoder(field.scalar);
  if (!field.packed) return valueField(field.number, scalar);
  const { read, write } = scalar;
  return (json, writer) => {
    const value = read(json);
    write(value, writer);
    return value;
  };
}

function listEncoder(
  field: DescField & { readonly fieldKind: "list" },
  types: Types,
): FieldEncoder {
  const encode = elementEncoder(field, types);
  const { number, packed } = field;
  return (json, writer) => {
    if (!Array.isArray(json)) throw new TypeError(`expected a list, got ${shown(json)}`);
    const before = writer.length;
    const list = new Array<unknown>(json.length);
    for (let i = json.length - 1; i >= 0; i--) list[i] = encode(json[i], writer);
    if (packed && json.length > 0) writer.head(number, before);
    return list;
  };
}

/** An entry is a message of its own, with these two fields. */
const MAP_KEY = 1;
const MAP_VALUE = 2;

function mapEncoder(field: DescField & { readonly fieldKind: "map" }, types: Types): FieldEncoder {
  const { number } = field;
  const key = scalarEncoder(field.mapKey);
  const value = mapValueEncoder(field, types);
  return (json, writer) => {
    const entries = Object.entries(recordOf(json));
    const map: Record<string, unknown> = {};
    for (const [name] of entries) map[name] = undefined;
    for (const [name, one] of entries.reverse()) {
      const before = writer.length;
      map[name] = value(one, writer);
      key.write(key.read(name), writer);
      writer.tag(MAP_KEY, key.wireType);
      writer.head(number, before);
    }
    return map;
  };
}

function mapValueEncoder(
  field: DescField & { readonly fieldKind: "map" },
  types: Types,
): FieldEncoder {
  if (field.mapKind === "message") return messageField(MAP_VALUE, field.message, types);
  const scalar = field.mapKind === "enum" ? enumEncoder(field.enum) : scalarEncoder(field.scalar);
  return valueField(MAP_VALUE, scalar);
}

/** A type without fields in JSON, such as a duration, stands under this name in an Any. */
const VALUE_KEY = "value";

/** The type's URL is field 1, the packed message field 2 (google/protobuf/any.proto). */
function anyEncoder(registry: Registry, types: Types, schema: DescMessage): JsonEncoder {
  const encode = (json: Readonly<Record<string, unknown>>, writer: BackwardWriter): Message => {
    const typeUrl = json[TYPE_KEY];
    const type = typeof typeUrl === "string" ? registry.getMessage(typeNameIn(typeUrl)) : undefined;
    if (typeof typeUrl !== "string" || type === undefined) {
      throw new TypeError(`no such type: ${shown(typeUrl)}`);
    }
    const isValue =
      wellKnownEncoder(type, registry) !== undefined && Object.hasOwn(json, VALUE_KEY);
    const before = writer.length;
    const packed = types.encode(type, isValue ? json[VALUE_KEY] : json, writer);
    const value = writer.copy(writer.length - before);
    if (value.length > 0) writer.head(2, before);
    const end = writer.length;
    writer.text(typeUrl);
    writer.head(1, end);
    const message = { $typeName: schema.typeName, typeUrl, value } as Message;
    unpacked.set(message, packed as Message);
    return message;
  };
  return (json, writer) => {
    const record = recordOf(json);
    if (Object.keys(record).length === 0) {
      return { $typeName: schema.typeName, typeUrl: "", value: Buffer.alloc(0) };
    }
    const encodings = sharedEncodings(record);
    if (encodings === undefined) return encode(record, writer);
    const known = encodings.get(types);
    if (known !== undefined) {
      writer.raw(known.bytes);
      return known.message;
    }
    const before = writer.length;
    const message = encode(record, writer);
    encodings.set(types, { bytes: writer.copy(writer.length - before), message });
    return message;
  };
}
