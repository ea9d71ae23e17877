/**
 * Fields that stand in a message thousands of times, one directly behind the other, as everybody writes them. A protobuf reader
 * makes objects for each; when a fleet comes back, these are most of what there is to collect.
 */

import type { EntrySpan } from "../state/request/entry-sums.js";

/** The tags of an entry of initial_resource_versions, and of its key and its value. */
const ENTRY_TAG = 0x2a;
const KEY_TAG = 0x0a;
const VALUE_TAG = 0x12;

/** Entries that follow each other: the first begins with the length at a position, the last ends before another. */
export interface EntryRun {
  readonly first: number;
  readonly behind: number;
  readonly count: number;
}

/** The length at a position, if it is written in one or two bytes, as that of every name and version is; else -1. */
function shortLength(message: Buffer, at: number): number {
  const low = message[at] ?? -1;
  if (low < 0x80) return low;
  const high = message[at + 1] ?? 0x80;
  return high === 0 || high >= 0x80 ? -1 : (low & 0x7f) | (high << 7);
}

/** The position behind a length. */
const behindLength = (at: number, length: number): number => at + (length < 0x80 ? 1 : 2);

/** One object for all entries of a message, one after the other. */
class EntryCursor implements EntrySpan {
  name = 0;
  nameEnd = 0;
  version = 0;
  versionEnd = 0;

  /** Takes the entry whose length stands at a position: the key, the value, and nothing else. False if it is not so. */
  read(message: Buffer, at: number): boolean {
    const length = shortLength(message, at);
    const start = behindLength(at, length);
    const nameLength = shortLength(message, start + 1);
    this.name = behindLength(start + 1, nameLength);
    this.nameEnd = this.name + nameLength;
    const versionLength = shortLength(message, this.nameEnd + 1);
    this.version = behindLength(this.nameEnd + 1, versionLength);
    this.versionEnd = this.version + versionLength;
    return (
      Math.min(length, nameLength, versionLength) >= 0 &&
      message[start] === KEY_TAG &&
      message[this.nameEnd] === VALUE_TAG &&
      this.versionEnd === start + length &&
      this.versionEnd <= message.length
    );
  }
}

/** The run of entries from the one whose length stands at a position; empty when not even that one is as usual. */
export function entryRun(message: Buffer, first: number): EntryRun {
  const cursor = new EntryCursor();
  let behind = first;
  let count = 0;
  for (let at = first; cursor.read(message, at); at = behind + 1) {
    behind = cursor.versionEnd;
    count += 1;
    if (message[behind] !== ENTRY_TAG) break;
  }
  return { first, behind, count };
}

/** Calls `each` for the entries of a run; what it is given is another entry's the next time. */
export function forEachEntry(
  message: Buffer,
  { first, count }: EntryRun,
  each: (span: EntrySpan) => void,
): void {
  const cursor = new EntryCursor();
  let at = first;
  for (let index = 0; index < count; index++) {
    cursor.read(message, at);
    each(cursor);
    at = cursor.versionEnd + 1;
  }
}

/**
 * Reads texts of one field from the one whose length stands at a position. Returns the position behind the last one: the
 * first position when not even the first is as usual.
 */
export function readTexts(
  message: Buffer,
  first: number,
  tag: number,
  take: (text: string) => void,
): number {
  for (let behind = first, at = first; ; at = behind + 1) {
    const length = shortLength(message, at);
    const start = behindLength(at, length);
    if (length < 0 || start + length > message.length) return behind;
    behind = start + length;
    take(message.toString("utf8", start, behind));
    if (message[behind] !== tag) return behind;
  }
}
