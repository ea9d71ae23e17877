/** Values that are no messages: from canonical protobuf JSON to the wire, and to what a message has of them. */

import { type DescEnum, ScalarType } from "@bufbuild/protobuf";
import { readBase64 } from "../../base/text/base64.js";
import type { BackwardWriter } from "./backward-writer.js";
import { shown } from "./shown.js";

/** One kind of value. */
export interface ScalarEncoder<T = unknown> {
  /** How it is written: 0 as a varint, 1 in 64 bits, 2 behind its length, 5 in 32 bits. */
  readonly wireType: number;
  /** What a message without presence has when nothing is set; it is not written then. */
  readonly zero: T;
  /**
   * The value in a message.
   * @throws TypeError when the JSON is no such value
   */
  readonly read: (json: unknown) => T;
  /** Writes it, its length included, without its tag. */
  readonly write: (value: T, writer: BackwardWriter) => void;
}

const VARINT = 0;
const BIT_64 = 1;
const BEHIND_LENGTH = 2;
const BIT_32 = 5;

function unexpected(what: string, json: unknown): never {
  throw new TypeError(`expected ${what}, got ${shown(json)}`);
}

/** Reads whole numbers of at most 32 bits, which may be written as texts. */
function wholeNumber(least: number, most: number): (json: unknown) => number {
  const what = `a whole number from ${least} to ${most}`;
  return (json) => {
    const value =
      typeof json === "string" && json.trim() === json && json !== "" ? Number(json) : json;
    const isWhole = typeof value === "number" && Number.isInteger(value);
    return isWhole && value >= least && value <= most ? value : unexpected(what, json);
  };
}

function wholeBigint(least: bigint, most: bigint): (json: unknown) => bigint {
  const what = `a whole number from ${least.toString()} to ${most.toString()}`;
  return (json) => {
    const isNumber = typeof json === "number" && Number.isInteger(json);
    const isText = typeof json === "string" && /^-?\d+$/.test(json);
    if (!isNumber && !isText && typeof json !== "bigint") return unexpected(what, json);
    const value = BigInt(json);
    return value >= least && value <= most ? value : unexpected(what, json);
  };
}

const SPECIAL = new Map<unknown, number>([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function anyNumber(json: unknown): number {
  const special = SPECIAL.get(json);
  if (special !== undefined) return special;
  const value =
    typeof json === "string" && json.trim() === json && json !== "" ? Number(json) : json;
  return typeof value === "number" && Number.isFinite(value) ? value : unexpected("a number", json);
}

const INT32 = wholeNumber(-0x80000000, 0x7fffffff);
const UINT32 = wholeNumber(0, 0xffffffff);
const INT64 = wholeBigint(-(2n ** 63n), 2n ** 63n - 1n);
const UINT64 = wholeBigint(0n, 2n ** 64n - 1n);

function writeInt32(value: number, writer: BackwardWriter): void {
  writer.int32(value);
}

function writeText(value: string, writer: BackwardWriter): void {
  const before = writer.length;
  writer.text(value);
  writer.uint32(writer.length - before);
}

const scalar = <T>(
  wireType: number,
  zero: T,
  read: ScalarEncoder<T>["read"],
  write: ScalarEncoder<T>["write"],
): ScalarEncoder<T> => ({ wireType, zero, read, write });

/** UTF-8 has no halves of a character. */
const LONE_SURROGATE = /\p{Surrogate}/u;

const TEXT = scalar<string>(
  BEHIND_LENGTH,
  "",
  (json) =>
    typeof json === "string" && !LONE_SURROGATE.test(json) ? json : unexpected("a text", json),
  writeText,
);

const TRUTH = scalar<boolean>(
  VARINT,
  false,
  (json) => (typeof json === "boolean" ? json : unexpected("true or false", json)),
  (value, writer) => {
    writer.uint32(value ? 1 : 0);
  },
);

function bytesOf(json: unknown): Uint8Array {
  const bytes = typeof json === "string" ? readBase64(json) : undefined;
  // What should have been base64 may be a key as it is, so it is not shown.
  if (bytes === undefined) throw new TypeError("expected base64");
  return bytes;
}

const BYTES = scalar<Uint8Array>(BEHIND_LENGTH, new Uint8Array(), bytesOf, (value, writer) => {
  writer.raw(value);
  writer.uint32(value.length);
});

const ENCODERS: Readonly<Record<ScalarType, ScalarEncoder>> = {
  [ScalarType.STRING]: TEXT as ScalarEncoder,
  [ScalarType.BOOL]: TRUTH as ScalarEncoder,
  [ScalarType.BYTES]: BYTES as ScalarEncoder,
  [ScalarType.DOUBLE]: scalar<number>(BIT_64, 0, anyNumber, (value, writer) => {
    writer.double(value);
  }) as ScalarEncoder,
  [ScalarType.FLOAT]: scalar<number>(BIT_32, 0, anyNumber, (value, writer) => {
    writer.float(value);
  }) as ScalarEncoder,
  [ScalarType.INT32]: scalar<number>(VARINT, 0, INT32, writeInt32) as ScalarEncoder,
  [ScalarType.UINT32]: scalar<number>(VARINT, 0, UINT32, (value, writer) => {
    writer.uint32(value);
  }) as ScalarEncoder,
  [ScalarType.SINT32]: scalar<number>(VARINT, 0, INT32, (value, writer) => {
    writer.uint32(((value << 1) ^ (value >> 31)) >>> 0);
  }) as ScalarEncoder,
  [ScalarType.FIXED32]: scalar<number>(BIT_32, 0, UINT32, (value, writer) => {
    writer.fixed32(value);
  }) as ScalarEncoder,
  [ScalarType.SFIXED32]: scalar<number>(BIT_32, 0, INT32, (value, writer) => {
    writer.fixed32(value);
  }) as ScalarEncoder,
  [ScalarType.INT64]: scalar<bigint>(VARINT, 0n, INT64, (value, writer) => {
    writer.uint64(value);
  }) as ScalarEncoder,
  [ScalarType.UINT64]: scalar<bigint>(VARINT, 0n, UINT64, (value, writer) => {
    writer.uint64(value);
  }) as ScalarEncoder,
  [ScalarType.SINT64]: scalar<bigint>(VARINT, 0n, INT64, (value, writer) => {
    writer.uint64((value << 1n) ^ (value >> 63n));
  }) as ScalarEncoder,
  [ScalarType.FIXED64]: scalar<bigint>(BIT_64, 0n, UINT64, (value, writer) => {
    writer.fixed64(value);
  }) as ScalarEncoder,
  [ScalarType.SFIXED64]: scalar<bigint>(BIT_64, 0n, INT64, (value, writer) => {
    writer.fixed64(value);
  }) as ScalarEncoder,
};

/** The encoder of a scalar type. */
export function scalarEncoder(type: ScalarType): ScalarEncoder {
  return ENCODERS[type];
}

/** The encoder of an enum: by its words, or by number. */
export function enumEncoder({ values, typeName }: DescEnum): ScalarEncoder {
  const numbers = new Map(values.map(({ name, number }) => [name, number]));
  const zero = values[0]?.number ?? 0;
  const read = (json: unknown): number => {
    const number = typeof json === "string" ? numbers.get(json) : json;
    return typeof number === "number" ? INT32(number) : unexpected(`a word of ${typeName}`, json);
  };
  return scalar<number>(VARINT, zero, read, writeInt32) as ScalarEncoder;
}
