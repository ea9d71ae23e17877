import { isDeepStrictEqual } from "node:util";
import { type Clock, steadyClock } from "../../base/clock.js";
import { createDebounce, type Waits } from "./debounce.js";
import { type ConfigRoot, DEFAULT_LIMITS, type SourceLimits } from "./root.js";
import { readAll } from "./scan.js";
import type { RootStatus, SourceBatch } from "./source.js";
import { createWatchedRoot, type RootUpdate, type WatchedRoot } from "./watched-root.js";

/** How directories are watched. */
export interface WatchOptions {
  readonly roots: readonly ConfigRoot[];
  /** Is given all that there is, then what changed, one batch after the other, and how many milliseconds reading took. */
  readonly onBatch: (batch: SourceBatch, readMs: number) => void;
  /** Is told of what should not happen; the watch goes on. */
  readonly onError: (error: unknown) => void;
  readonly limits?: SourceLimits;
  readonly waits?: Waits;
  /** How often everything is looked at, in case an event was missed; in milliseconds. */
  readonly rescanMs?: number;
  readonly clock?: Clock;
}

/** A watch on directories. */
export interface SourceWatch {
  /** Resolves when the first batch was given. */
  readonly ready: Promise<void>;
  /** Something may have changed, and what is different was not given yet. */
  readonly isLooking: () => boolean;
  /** Looks at everything now, and takes what has gone to be gone; resolves when what is different was given. */
  readonly refresh: () => Promise<void>;
  /** Ends the watch; no batch is given after it resolved. */
  readonly close: () => Promise<void>;
}

/** See docs/decisions/0019-a-file-that-is-replaced-is-whole.md. */
const DEFAULT_WAITS: Waits = { quietMs: 15, aloneMs: 3, mostMs: 200 };
const DEFAULT_RESCAN_MS = 30_000;

/**
 * Follows directories. An event only wakes it up: what is said to have changed is looked at, and read if it may have
 * changed; a single edit reads a single file. A root that does not exist is waited for.
 */
export function watchSources(options: WatchOptions): SourceWatch {
  const { limits = DEFAULT_LIMITS, clock = steadyClock, onError } = options;
  const roots: WatchedRoot[] = [];
  let given: readonly RootStatus[] = [];
  let isClosed = false;
  const queue = createQueue(onError);
  let cancelRescan: (() => void) | undefined;
  const give = (batch: SourceBatch | undefined, readMs: number): void => {
    // It may have been closed while files were read.
    if (batch === undefined || isClosed) return;
    given = batch.roots;
    options.onBatch(batch, readMs);
  };
  const enqueue = (task: () => Promise<SourceBatch | undefined>): Promise<void> =>
    queue.add(async () => {
      if (!isClosed) give(...(await timed(task)));
    });
  const look = (): Promise<void> => enqueue(() => changesOf(roots, given, onError));
  const debounce = createDebounce(options.waits ?? DEFAULT_WAITS, clock, () => {
    void look();
  });
  const suspectAll = (): void => {
    for (const root of roots) root.suspectAll();
  };
  const scheduleRescan = (): void => {
    cancelRescan = clock.after(options.rescanMs ?? DEFAULT_RESCAN_MS, () => {
      suspectAll();
      scheduleRescan();
    });
  };
  const ready = enqueue(async () => {
    for (const root of options.roots) {
      roots.push(await createWatchedRoot(root, { limits, clock, poke: debounce.poke }));
    }
    const changed = await readAll(
      roots.flatMap((root) => [...root.found()]),
      limits,
    );
    for (const root of roots) root.noteRead(changed);
    return { roots: roots.map((root) => root.status()), changed, removed: [], isComplete: true };
  });
  scheduleRescan();
  return {
    ready,
    isLooking: () => queue.isBusy() || debounce.isWaiting(),
    refresh: () => {
      suspectAll();
      return enqueue(() => acceptedChangesOf(roots, given, onError));
    },
    close: async () => {
      isClosed = true;
      cancelRescan?.();
      await queue.done();
      for (const root of roots) root.close();
      debounce.cancel();
    },
  };
}

/** Does one thing after the other. */
interface Queue {
  /** Resolves when it is done, also when it failed. */
  readonly add: (task: () => Promise<void>) => Promise<void>;
  readonly isBusy: () => boolean;
  /** Resolves when all that was added is done. */
  readonly done: () => Promise<void>;
}

function createQueue(onError: (error: unknown) => void): Queue {
  let work: Promise<void> = Promise.resolve();
  let tasks = 0;
  return {
    add(task) {
      tasks += 1;
      work = work
        .then(task)
        .catch(onError)
        .finally(() => {
          tasks -= 1;
        });
      return work;
    },
    isBusy: () => tasks > 0,
    done: () => work,
  };
}

/** What a task results in, and how many milliseconds it took. */
async function timed<T>(task: () => Promise<T>): Promise<readonly [T, number]> {
  const begun = performance.now();
  return [await task(), performance.now() - begun];
}

/** As changesOf, where what has gone is meant to be gone. */
async function acceptedChangesOf(
  ...of: Parameters<typeof changesOf>
): Promise<SourceBatch | undefined> {
  const [roots] = of;
  const changes = await changesOf(...of);
  for (const root of roots) root.acceptLosses();
  if (changes === undefined) return changesOf(...of);
  return { ...changes, roots: roots.map((root) => root.status()) };
}

/** What is different in some roots since the last batch, which said `given` of them; undefined when nothing is. */
async function changesOf(
  roots: readonly WatchedRoot[],
  given: readonly RootStatus[],
  onError: (error: unknown) => void,
): Promise<SourceBatch | undefined> {
  const updates: RootUpdate[] = [];
  for (const root of roots) {
    try {
      updates.push(await root.update());
    } catch (error) {
      // What another root was found to have must not be lost.
      onError(error);
    }
  }
  const changed = updates.flatMap((update) => update.changed);
  const removed = updates.flatMap((update) => update.removed);
  const now = roots.map((root) => root.status());
  const isSame = changed.length === 0 && removed.length === 0 && isDeepStrictEqual(given, now);
  return isSame ? undefined : { roots: now, changed, removed, isComplete: false };
}
