/**
 * What a client says that it holds when it comes back: names and versions.
 *
 * A thousand proxies come back with thousands of names each, and nearly all of them hold just what they were sent. So
 * the names stay as they came until somebody asks for them, and a digest tells sets apart: the sum of a seeded hash of
 * each entry, whatever their order. A client that manages to send two sets with one digest only gets wrong answers itself.
 */

import type { Table } from "../../../base/table/table.js";
import type { ResourceTable } from "../../resource.js";
import { type EntryRun, type EntrySpan, forEachEntry } from "../../wire/repeated-fields.js";
import { type Held, isResource } from "../subscription/held.js";

/** See the top of this file. */
export interface InitialVersions {
  /** How many entries there are. */
  readonly size: number;
  /** The versions by name. */
  readonly entries: () => ReadonlyMap<string, string>;
  /** Equal for equal entries; undefined when they came in no usual form. */
  readonly digest: (seed: number) => string | undefined;
}

/** Two sums of 32 bits. */
type Sums = readonly [first: number, second: number];

const FIRST_PRIME = 0x01000193;
const SECOND_PRIME = 0x85ebca6b;
const SEPARATOR = 0xff;

/** Bytes, and the same as words. */
class ByteWords {
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
class EntrySums {
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

const textOf = (count: number, [first, second]: Sums): string =>
  `${count}.${first >>> 0}.${second >>> 0}`;

/** The versions that stand in these runs of a message. */
export function versionsAt(message: Buffer, runs: readonly EntryRun[]): InitialVersions {
  const size = runs.reduce((sum, { count }) => sum + count, 0);
  return {
    size,
    entries: () => {
      const versions = new Map<string, string>();
      for (const run of runs) {
        forEachEntry(message, run, ({ name, nameEnd, version, versionEnd }) => {
          const key = message.toString("utf8", name, nameEnd);
          versions.set(key, message.toString("utf8", version, versionEnd));
        });
      }
      return versions;
    },
    digest: (seed) => {
      const text = new ByteWords(message);
      const all = new EntrySums(seed);
      for (const run of runs) {
        forEachEntry(message, run, (span) => {
          all.add(text, span);
        });
      }
      return textOf(size, all.sums);
    },
  };
}

/** These versions, which came in no usual form. */
export function versionsOf(versions: ReadonlyMap<string, string>): InitialVersions {
  return { size: versions.size, entries: () => versions, digest: () => undefined };
}

/** Digests tables as what a client holds that holds all of one. */
export function createTableDigest(
  seed: number,
): (table: Table<Held> | ResourceTable) => string | undefined {
  const known = new WeakMap<object, Sums | undefined>();
  const sumsOf = (table: Table<Held>): Sums | undefined => {
    if (known.has(table)) return known.get(table);
    const sums = sumsOver(table, seed, sumsOf);
    known.set(table, sums);
    return sums;
  };
  return (table) => {
    const sums = sumsOf(table);
    return sums === undefined ? undefined : textOf(table.size, sums);
  };
}

/** The sums of a table, from those of its layers when it has any; undefined when it is not known what all of it is. */
function sumsOver(
  table: Table<Held>,
  seed: number,
  sumsOf: (table: Table<Held>) => Sums | undefined,
): Sums | undefined {
  if (table.layers !== undefined) {
    const base = sumsOf(table.layers.base);
    const top = sumsOf(table.layers.top);
    return base && top && [(base[0] + top[0]) | 0, (base[1] + top[1]) | 0];
  }
  const all = new EntrySums(seed);
  for (const [name, held] of table) {
    if (!isResource(held)) return undefined;
    const text = new ByteWords(Buffer.from(`${name}${held.version}`));
    const nameEnd = Buffer.byteLength(name);
    all.add(text, { name: 0, nameEnd, version: nameEnd, versionEnd: text.bytes.length });
  }
  return all.sums;
}
