/**
 * How much clients have been sent and not read. Each response waits in the memory of this process until its client reads it, so the
 * total is limited: while it is reached new streams wait, and a client that has not read for a while is cut off.
 */
import type { Clock } from "../../base/clock.js";
import type { Limits } from "../limits.js";

/** A client that does not read, and how to end its stream. */
export interface SlowReader {
  /** Since when something has been unread, in milliseconds of the clock. */
  readonly unreadSince: number;
  readonly endUnread: (afterMs: number) => void;
}

/** See the top of this file. */
export interface Backlog {
  /** A client was sent so many bytes. */
  readonly add: (reader: SlowReader, bytes: number) => void;
  /** A client has read so many of them, and whether there are more. */
  readonly remove: (reader: SlowReader, bytes: number, isRead: boolean) => void;
  /** A client is gone that had not read so many bytes. */
  readonly drop: (reader: SlowReader, bytes: number) => void;
  readonly isFull: () => boolean;
}

/** How often a full backlog is looked at, in milliseconds. */
const LOOK_MS = 1000;

/** While other clients read, one that does not may only be on a busy machine: it is given this many times as long. */
const MOVING_TIMES = 6;

/** An empty backlog; `onRoom` is called when it is full no more. */
export function createBacklog(
  { maxUnreadBytes, unreadWhenFullMs }: Limits,
  clock: Clock,
  onRoom: () => void,
): Backlog {
  const readers = new Set<SlowReader>();
  let bytes = 0;
  let isWatched = false;
  let lastRead = -Infinity;
  const isFull = (): boolean => bytes >= maxUnreadBytes;

  const watch = (): void => {
    if (isWatched || !isFull()) return;
    isWatched = true;
    clock.after(LOOK_MS, () => {
      isWatched = false;
      if (isFull()) endSlowReaders();
      watch();
    });
  };

  const endSlowReaders = (): void => {
    const now = clock.now();
    const isMoving = lastRead > now - unreadWhenFullMs;
    const patience = isMoving ? unreadWhenFullMs * MOVING_TIMES : unreadWhenFullMs;
    for (const reader of [...readers]) {
      if (reader.unreadSince <= now - patience) reader.endUnread(patience);
    }
  };

  const take = (removed: number): void => {
    const wasFull = isFull();
    bytes -= removed;
    if (wasFull && !isFull()) onRoom();
  };

  return {
    isFull,
    add(reader, added) {
      readers.add(reader);
      bytes += added;
      watch();
    },
    remove(reader, removed, isRead) {
      lastRead = clock.now();
      if (isRead) readers.delete(reader);
      take(removed);
    },
    drop(reader, unread) {
      readers.delete(reader);
      take(unread);
    },
  };
}
