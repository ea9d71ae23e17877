/**
 * What clients have been sent and have not read. Each response waits in the memory of this process until its client reads, so
 * how much waits in all is limited: new streams have to wait, and who has not read for a while is cut off.
 */
import type { Clock } from "./clock.js";
import type { Limits } from "./limits.js";

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
  readonly isFull: () => boolean;
}

/** A backlog is looked at so often while it is full, in milliseconds. */
const LOOK_MS = 1000;

/** An empty backlog; `onRoom` is called when it is full no more. */
export function createBacklog(
  { maxUnreadBytes, unreadWhenFullMs }: Limits,
  clock: Clock,
  onRoom: () => void,
): Backlog {
  const readers = new Set<SlowReader>();
  let bytes = 0;
  let isWatched = false;
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
    const limit = clock.now() - unreadWhenFullMs;
    for (const reader of [...readers]) {
      if (reader.unreadSince <= limit) reader.endUnread(unreadWhenFullMs);
    }
  };

  return {
    isFull,
    add(reader, added) {
      readers.add(reader);
      bytes += added;
      watch();
    },
    remove(reader, removed, isRead) {
      const wasFull = isFull();
      bytes -= removed;
      if (isRead) readers.delete(reader);
      if (wasFull && !isFull()) onRoom();
    },
  };
}
