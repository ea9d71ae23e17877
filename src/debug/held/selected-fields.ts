import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";

/**
 * The bytes of a message with the fields of these names alone, which are those of canonical JSON; with all of them when there
 * are none. Passing over a field costs nothing, reading one costs what is in it.
 */
export function selectedFields(
  schema: DescMessage,
  bytes: Uint8Array,
  names: readonly string[],
): Uint8Array {
  if (names.length === 0) return bytes;
  const wanted = new Set(
    schema.fields.filter(({ jsonName }) => names.includes(jsonName)).map(({ number }) => number),
  );
  const kept: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    reader.skip(wireType, number);
    if (wanted.has(number)) kept.push(bytes.subarray(start, reader.pos));
  }
  return Buffer.concat(kept);
}
