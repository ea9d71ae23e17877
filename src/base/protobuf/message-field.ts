/** Fields of protobuf messages, for putting messages together from parts that are encoded already. */

/** The wire type of texts, bytes and messages. */
const LENGTH_DELIMITED = 2;

const CONTINUED = 0x80;

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length += 1;
  return length;
}

/** Writes a number at a position; returns the position behind it. */
function writeVarint(target: Buffer, position: number, value: number): number {
  let at = position;
  let rest = value;
  for (; rest >= CONTINUED; rest >>>= 7) at = target.writeUInt8((rest & 0x7f) | CONTINUED, at);
  return target.writeUInt8(rest, at);
}

/** The length of a field with a content of so many bytes. Numbers are below 2³². */
export function fieldLength(field: number, contentLength: number): number {
  return varintLength(field << 3) + varintLength(contentLength) + contentLength;
}

/** Writes what stands before the content of a field; returns the position behind it. */
export function writeFieldHead(
  target: Buffer,
  position: number,
  field: number,
  contentLength: number,
): number {
  const behindTag = writeVarint(target, position, (field << 3) | LENGTH_DELIMITED);
  return writeVarint(target, behindTag, contentLength);
}

/** Writes a field with a text; returns the position behind it. */
export function writeTextField(
  target: Buffer,
  position: number,
  field: number,
  text: string,
): number {
  const length = Buffer.byteLength(text);
  const start = writeFieldHead(target, position, field, length);
  return start + target.write(text, start);
}

/** A field with a text. */
export function textField(field: number, text: string): Buffer {
  const bytes = Buffer.allocUnsafe(fieldLength(field, Buffer.byteLength(text)));
  writeTextField(bytes, 0, field, text);
  return bytes;
}

/** What stands before the content of a field. */
export function fieldHead(field: number, contentLength: number): Buffer {
  const head = Buffer.allocUnsafe(fieldLength(field, contentLength) - contentLength);
  writeFieldHead(head, 0, field, contentLength);
  return head;
}
