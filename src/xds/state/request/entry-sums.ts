/**
 * The digest of a set of names with their versions: the sum of a seeded hash of each entry, whatever their order.
 */

/** Where an entry's name and version stand in a text of bytes. */
export interface EntrySpan {
  readonly name: number;
  readonly nameEnd: number;
  readonly version: number;
  readonly versionEnd: number;
}

/** Two sums of 32 bits. */
export type Sums = readonly [first: number, second: number];

const FIRST_PRIME = 0x01000193;
const SECOND_PRIME = 0x85ebca6b;
const SEPARATOR = 0xff;

/** Bytes, and the same as words. */
export class ByteWords {
  readonly bytes: Uint8Array;
  readonly words: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/**
 * Adds up the hashes of entries, in two lanes at once and four bytes at a time: when a fleet comes back that is all that
 * is done to each of its millions of names.
 */
export class EntrySums {
  readonly #seed: number;
  #first = 0;
  #second = 0;
  #a = 0;
  #b = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Adds an entry whose name and version stand between these positions of a text. */
  add(text: ByteWords, { name, nameEnd, version, versionEnd }: EntrySpan): void {
    this.#a = this.#seed;
    this.#b = this.#seed;
    this.#take(text, name, nameEnd);
    this.#mix(SEPARATOR);
    this.#take(text, version, versionEnd);
    this.#first = (this.#first + mixed(this.#a)) | 0;
    this.#second = (this.#second + mixed(this.#b)) | 0;
  }

  get sums(): Sums {
    return [this.#first, this.#second];
  }

  #take({ bytes, words }: ByteWords, start: number, end: number): void {
    let a = this.#a;
    let b = this.#b;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const word = words.getInt32(at, true);
      a = Math.imul(a ^ word, FIRST_PRIME);
      b = Math.imul(b ^ word, SECOND_PRIME);
      // A product carries upwards only: without this the last bytes of a word would move few bits.
      a ^= a >>> 15;
      b ^= b >>> 13;
    }
    for (; at < end; at++) {
      a = Math.imul(a ^ (bytes[at] ?? 0), FIRST_PRIME);
      b = Math.imul(b ^ (bytes[at] ?? 0), SECOND_PRIME);
    }
    this.#a = a;
    this.#b = b;
  }

  #mix(byte: number): void {
    this.#a = Math.imul(this.#a ^ byte, FIRST_PRIME);
    this.#b = Math.imul(this.#b ^ byte, SECOND_PRIME);
  }
}

/** Products leave patterns that a sum would keep. */
function mixed(hash: number): number {
  let result = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  result = Math.imul(result ^ (result >>> 15), 0x846ca68b);
  return result ^ (result >>> 16);
}

/** The digest of so many entries. */
export const digestOf = (count: number, [first, second]: Sums): string =>
  `${count}.${first >>> 0}.${second >>> 0}`;
