/** Reads messages field by field. All fields that are of interest here have a length: texts, bytes and messages. */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { DecodeError } from "./decode-error.js";

/** Reads one field of a message; false if it is not one of the reader's. */
type FieldReader = (reader: BinaryReader, field: number) => boolean;

/** Reads the fields of a message that ends at a position; those that are nobody's are skipped. */
export function readMessage(reader: BinaryReader, end: number, readField: FieldReader): void {
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (wireType !== WireType.LengthDelimited || !readField(reader, field)) {
      reader.skip(wireType, field);
    }
  }
  if (reader.pos > end) throw new RangeError("a field is longer than its message");
}

/** Where a text stands in its message: from the first position to before the second. */
type Span = readonly [start: number, end: number];

/** Where the next text stands. BinaryReader.string makes a view of the bytes for each; with thousands of names that is most of the time. */
export function readSpan(reader: BinaryReader): Span {
  const length = reader.uint32();
  const start = reader.pos;
  if (length > reader.len - start) throw new RangeError("a text is longer than its message");
  moveTo(reader, start + length);
  return [start, start + length];
}

/** The next text of a reader of this buffer. */
export function readText(reader: BinaryReader, buffer: Buffer): string {
  return buffer.toString("utf8", ...readSpan(reader));
}

/** Moves a reader to a position of its message. */
export function moveTo(reader: BinaryReader, position: number): void {
  // eslint-disable-next-line no-param-reassign -- the reader is moved by its position, there is no other way
  reader.pos = position;
}

/**
 * Reads a whole message.
 * @throws DecodeError
 */
export function decode(type: string, message: Buffer, readField: FieldReader): void {
  const reader = new BinaryReader(message);
  try {
    readMessage(reader, reader.len, readField);
  } catch (error) {
    throw new DecodeError(`not a ${type}`, error);
  }
}
