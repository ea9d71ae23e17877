/**
 * Writes a protobuf message from its end to its start.
 *
 * What stands before a message is its length, so that whoever writes forwards has to measure it first, or to move it. Behind
 * its content it is known: fields are written last to first, and of each its content before its head.
 * The encoding is that of protobuf.dev/programming-guides/encoding.
 */
const FIRST_CAPACITY = 16 * 1024;

/** Up to this length, writing characters one by one is faster than a call into the runtime. */
const SHORT_TEXT = 48;

/** See the top of this file. What is written last stands first. */
export class BackwardWriter {
  #buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  #start = FIRST_CAPACITY;

  /** How many bytes are written. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  /** Forgets all that is written. */
  clear(): void {
    this.#start = this.#buffer.length;
  }

  /** A copy of the last so many bytes, which are the first ones of the message. */
  copy(length: number = this.length): Buffer {
    return Buffer.from(this.#buffer.subarray(this.#start, this.#start + length));
  }

  /** The start of what stands before: the number of a field, and how its content is written. */
  tag(field: number, wireType: number): void {
    this.uint32(((field << 3) | wireType) >>> 0);
  }

  /** The head of a field whose content is all that was written since the writer had this length. */
  head(field: number, lengthBefore: number): void {
    this.uint32(this.length - lengthBefore);
    this.tag(field, 2);
  }

  /** A varint of a whole number from 0 to 2³²-1. */
  uint32(value: number): void {
    if (value < 0x80) {
      this.#reserve(1);
      this.#start -= 1;
      this.#buffer[this.#start] = value;
      return;
    }
    let size = 1;
    for (let rest = value >>> 7; rest > 0; rest >>>= 7) size += 1;
    let at = this.#reserve(size);
    this.#start = at;
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) {
      this.#buffer[at] = (rest & 0x7f) | 0x80;
      at += 1;
    }
    this.#buffer[at] = rest;
  }

  /** A varint of a whole number of 32 bits; a negative one is written as one of 64. */
  int32(value: number): void {
    if (value < 0) this.uint64(BigInt(value));
    else this.uint32(value);
  }

  /** A varint of a number of 64 bits; a negative one in two's complement. */
  uint64(value: bigint): void {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, value);
    for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.raw(bytes);
  }

  /** Bytes as they are. */
  raw(bytes: ArrayLike<number>): void {
    this.#start = this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#start);
  }

  /** A number of 32 bits in little endian. */
  fixed32(value: number): void {
    this.#start = this.#reserve(4);
    this.#buffer.writeUInt32LE(value >>> 0, this.#start);
  }

  /** A number of 64 bits in little endian. */
  fixed64(value: bigint): void {
    this.#start = this.#reserve(8);
    this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, value), this.#start);
  }

  float(value: number): void {
    this.#start = this.#reserve(4);
    this.#buffer.writeFloatLE(value, this.#start);
  }

  double(value: number): void {
    this.#start = this.#reserve(8);
    this.#buffer.writeDoubleLE(value, this.#start);
  }

  /** A text in UTF-8, without its length. */
  text(value: string): void {
    if (value.length <= SHORT_TEXT && this.#shortText(value)) return;
    const size = Buffer.byteLength(value);
    this.#start = this.#reserve(size);
    this.#buffer.write(value, this.#start, size, "utf8");
  }

  /** Writes a text of ASCII; false, with nothing written, when it is none. */
  #shortText(value: string): boolean {
    const at = this.#reserve(value.length);
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return false;
      this.#buffer[at + i] = code;
    }
    this.#start = at;
    return true;
  }

  /** Makes room for so many bytes; returns where they begin. */
  #reserve(size: number): number {
    if (this.#start < size) {
      const used = this.length;
      const capacity = Math.max(this.#buffer.length * 2, used + size);
      const larger = Buffer.allocUnsafe(capacity);
      this.#buffer.copy(larger, capacity - used, this.#start);
      this.#buffer = larger;
      this.#start = capacity - used;
    }
    return this.#start - size;
  }
}
