import type { Clock } from "../../base/clock.js";
import type { Diagnostic } from "../../base/diagnostic.js";
import { createDirectoryWatch, type Followed } from "./directory-watch.js";
import { type Found, identityOf, isStats, statOf } from "./found.js";
import {
  directoriesToWatch,
  inspect,
  nearestAbove,
  type RootChange,
  type Suspicion,
  suspect,
  type Watched,
} from "./inspect-root.js";
import { forgetUnread } from "./keep-unread.js";
import { createResting } from "./resting.js";
import type { ConfigRoot, SourceLimits } from "./root.js";
import { type RootScan, readAll, scanRoot, statusOf } from "./scan.js";
import type { OnDirectory } from "./search.js";
import { createSettling } from "./settling.js";
import type { RootStatus, Source } from "./source.js";

/** A root that is watched. */
export interface WatchedRoot {
  /** What is known of it as a whole. */
  readonly status: () => RootStatus;
  /** What was found in it when it was looked at last. */
  readonly found: () => Iterable<Found>;
  /** Takes note of what reading all that gave. */
  readonly noteRead: (sources: readonly Source[]) => void;
  /** Looks at what was suspected since the last time, and reads what may be different. What fails stays suspected. */
  readonly update: () => Promise<RootUpdate>;
  /** What has gone is meant to be gone, also if more may be about to go. */
  readonly acceptLosses: () => void;
  /** Suspects everything. */
  readonly suspectAll: () => void;
  readonly close: () => void;
}

/** What is different in a root. */
export interface RootUpdate {
  readonly changed: readonly Source[];
  readonly removed: readonly string[];
}

/** What is known of a root, and what became of its directories when they were known. */
interface Knowledge extends Followed {
  readonly scan: RootScan;
  readonly watched: Watched;
}

/** How a root is watched. */
export interface RootWatchOptions {
  readonly limits: SourceLimits;
  readonly clock: Clock;
  /** Is called when it may be worth while to update: with a path if all there is to it is a file that was put there. */
  readonly poke: (whole?: string) => void;
}

/** What was raised since it was looked into last. */
interface Suspicions {
  readonly raise: (suspicion: Suspicion | undefined) => void;
  /** The same of an event, later where all that happened is that a file was written which rests. */
  readonly onEvent: (suspicion: Suspicion | undefined) => void;
  /** Takes note of what was read. */
  readonly onRead: (sources: readonly Source[]) => void;
  /** Has what was raised looked into, if anything was. What fails stays raised. */
  readonly look: <T>(into: (raised: readonly Suspicion[]) => Promise<T>) => Promise<T | undefined>;
  readonly cancel: () => void;
}

function createSuspicions({ poke, clock }: Omit<RootWatchOptions, "limits">): Suspicions {
  let raised: Suspicion[] = [];
  const raise: Suspicions["raise"] = (suspicion) => {
    if (suspicion === undefined) return;
    raised.push(suspicion);
    poke(suspicion.type === "path" && suspicion.isWhole ? suspicion.path : undefined);
  };
  const resting = createResting(clock, (path) => {
    raise({ type: "path", path, isWhole: false, isWritten: true });
  });
  return {
    raise,
    onEvent: (suspicion) => {
      const isWritten = suspicion?.type === "path" && suspicion.isWritten;
      if (!isWritten || !resting.holds(suspicion.path)) raise(suspicion);
    },
    onRead: (sources) => {
      for (const source of sources) {
        resting.onRead(source.path, source.type === "text" ? source.text.length : 0);
      }
    },
    look: async (into) => {
      if (raised.length === 0) return undefined;
      const taken = raised;
      raised = [];
      try {
        return await into(taken);
      } catch (error) {
        raised.push(...taken);
        throw error;
      }
    },
    cancel: resting.cancel,
  };
}

const UNCHANGED: RootUpdate = { changed: [], removed: [] };

/** Looks at a root and watches it. */
export async function createWatchedRoot(
  root: ConfigRoot,
  { limits, clock, poke }: RootWatchOptions,
): Promise<WatchedRoot> {
  const { raise, onEvent, onRead, look, cancel } = createSuspicions({ poke, clock });
  const watch = createDirectoryWatch();
  const follow = async (scan: RootScan): Promise<Knowledge> => {
    const watched = await directoriesToWatch(scan);
    return { scan, watched, ...watch.follow(watched.directories) };
  };
  await watchAbove(root, watch.add);
  let known = await follow(await scanRoot(root, limits, watch.add));
  raise(unseenAtFirst(known));
  watch.listen((event) => {
    onEvent(suspect(known.scan, known.watched, event));
  });
  const settling = createSettling(clock, poke);

  const take = async (change: RootChange): Promise<RootUpdate> => {
    const changed = await readAll(change.changed, limits);
    onRead(changed);
    const gone = missing(change.changed, changed);
    const there = gone.reduce((rest, path) => rest.without(path), change.scan.found);
    const found = forgetUnread(there, changed);
    const before = known;
    const scan = { ...change.scan, found };
    const mayHaveMoved =
      scan.directories !== before.scan.directories ||
      change.changed.some(({ isLinked }) => isLinked);
    known = mayHaveMoved ? await follow(scan) : { ...before, scan, hasBegun: false };
    if (known.hasBegun) raise({ type: "all" });
    const removed = [...change.removed, ...gone.filter((path) => before.scan.found.has(path))];
    settling.onChange({
      before: before.scan.found.size,
      after: found.size,
      gone: removed.length,
    });
    return { changed, removed };
  };

  return {
    status: () => ({
      ...withUnwatched(statusOf(known.scan), known.unwatched),
      isSettled: settling.isSettled(),
    }),
    found: () => known.scan.found.values(),
    noteRead: (sources) => {
      known = { ...known, scan: { ...known.scan, found: forgetUnread(known.scan.found, sources) } };
    },
    update: async () =>
      (await look(async (raised) => take(await inspect(known.scan, raised, limits)))) ?? UNCHANGED,
    acceptLosses: settling.acceptLosses,
    suspectAll: () => {
      raise({ type: "all" });
    },
    close: () => {
      settling.cancel();
      cancel();
      watch.close();
    },
  };
}

/** The paths of what was found and could not be read, because it had gone. */
function missing(found: readonly Found[], sources: readonly Source[]): readonly string[] {
  const read = new Set(sources.map(({ path }) => path));
  return found.map(({ path }) => path).filter((path) => !read.has(path));
}

/** Watches the directory in which a root comes and goes, before the root is looked at. */
async function watchAbove(root: ConfigRoot, watch: OnDirectory): Promise<void> {
  const above = await nearestAbove(root);
  const stats = await statOf(above);
  if (isStats(stats)) watch(above, identityOf(stats));
}

/**
 * What may have been missed by the first look. Directories are watched before what is in them is looked at, but for those
 * to which links lead, and the one above a root that comes meanwhile: these are known afterwards.
 */
function unseenAtFirst({ scan, hasBegun }: Knowledge): Suspicion | undefined {
  if (!hasBegun) return undefined;
  return scan.exists ? { type: "links" } : { type: "all" };
}

function withUnwatched(status: RootStatus, unwatched: readonly string[]): RootStatus {
  return { ...status, problems: [...status.problems, ...unwatched.map(describeUnwatched)] };
}

function describeUnwatched(directory: string): Diagnostic {
  const message =
    "the directory cannot be watched (the system's limit of watches may be reached): changes in it are seen with a delay";
  const position = { file: directory, line: 1, column: 1 };
  return { severity: "warning", code: "unwatched-directory", message, position };
}
