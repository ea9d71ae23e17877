/**
 * What a client says that it holds when it comes back: names and versions.
 *
 * A thousand proxies come back with thousands of names each, and nearly all of them hold just what they were sent. So
 * the names stay as they came until somebody asks for them, and a digest tells sets apart: the sum of a seeded hash of
 * each entry, so that the order is of no matter. Whoever makes two sets of one digest is misjudged himself, nobody else.
 */

import type { Table } from "../base/table.js";
import type { ResourceTable } from "./resource.js";
import { type Held, isContent } from "./subscription.js";

/** See the top of this file. */
export interface HeldVersions {
  /** How many entries there are. */
  readonly size: number;
  /** The versions by name. */
  readonly entries: () => ReadonlyMap<string, string>;
  /** Equal for equal entries; undefined when they came in no usual form. */
  readonly digest: (seed: number) => string | undefined;
}

/** Two sums of 32 bits. */
type Sums = readonly [first: number, second: number];

const PRIMES: Sums = [0x01000193, 0x85ebca6b];
const SEPARATOR = 0xff;

/** The hash of the bytes from a position to before another, after what was hashed already. */
function hashBytes(
  hash: number,
  prime: number,
  bytes: Uint8Array,
  [start, end]: readonly [start: number, end: number],
): number {
  let result = hash;
  for (let i = start; i < end; i++) result = Math.imul(result ^ (bytes[i] ?? 0), prime);
  return result;
}

function hashText(hash: number, prime: number, text: string): number {
  let result = hash;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) {
      const bytes = Buffer.from(text);
      return hashBytes(hash, prime, bytes, [0, bytes.length]);
    }
    result = Math.imul(result ^ code, prime);
  }
  return result;
}

/** FNV leaves patterns that a sum would keep. */
function mixed(hash: number): number {
  let result = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  result = Math.imul(result ^ (result >>> 15), 0x846ca68b);
  return result ^ (result >>> 16);
}

const separated = (hash: number, prime: number): number => Math.imul(hash ^ SEPARATOR, prime);

const textOf = (count: number, [first, second]: Sums): string =>
  `${count}.${first >>> 0}.${second >>> 0}`;

/** Where an entry's name and version stand in a message: four positions for each entry. */
export type Spans = readonly number[];

/** The versions that stand at these places of a message. */
export function versionsAt(message: Buffer, spans: Spans): HeldVersions {
  const size = spans.length / 4;
  const read = (at: number): string => message.toString("utf8", spans[at], spans[at + 1]);
  return {
    size,
    entries: () => {
      const versions = new Map<string, string>();
      for (let at = 0; at < spans.length; at += 4) versions.set(read(at), read(at + 2));
      return versions;
    },
    digest: (seed) =>
      textOf(size, [sumOf(message, spans, seed, 0), sumOf(message, spans, seed, 1)]),
  };
}

function sumOf(message: Buffer, spans: Spans, seed: number, lane: 0 | 1): number {
  const prime = PRIMES[lane];
  let sum = 0;
  for (let at = 0; at < spans.length; at += 4) {
    const name = hashBytes(seed, prime, message, [spans[at] ?? 0, spans[at + 1] ?? 0]);
    const version = [spans[at + 2] ?? 0, spans[at + 3] ?? 0] as const;
    sum = (sum + mixed(hashBytes(separated(name, prime), prime, message, version))) | 0;
  }
  return sum;
}

/** These versions, which came in no usual form. */
export function versionsOf(versions: ReadonlyMap<string, string>): HeldVersions {
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

/** The sums of a table, from those of its base when it has one; undefined when it is not known what all of it is. */
function sumsOver(
  table: Table<Held>,
  seed: number,
  sumsOf: (table: Table<Held>) => Sums | undefined,
): Sums | undefined {
  const { base = table } = table;
  const start: Sums | undefined = base === table ? [0, 0] : sumsOf(base);
  if (start === undefined) return undefined;
  let [first, second] = start;
  const rest = base === table ? [...table] : table.changesFrom(base).map(entryOf);
  for (const [name, held] of rest) {
    if (!isContent(held)) return undefined;
    first = (first + entryHash(name, held.version, seed, 0)) | 0;
    second = (second + entryHash(name, held.version, seed, 1)) | 0;
  }
  return [first, second];
}

const entryOf = ({
  key,
  after,
}: {
  readonly key: string;
  readonly after: Held | undefined;
}): readonly [string, Held | undefined] => [key, after];

function entryHash(name: string, version: string, seed: number, lane: 0 | 1): number {
  const prime = PRIMES[lane];
  return mixed(hashText(separated(hashText(seed, prime, name), prime), prime, version));
}
