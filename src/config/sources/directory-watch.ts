import { type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";

/** What happened in a directory. */
export interface DirectoryEvent {
  readonly directory: string;
  /** The entry to which it happened; undefined when that is not known. */
  readonly name: string | undefined;
  /** The entry came, went or was replaced; else it was written, or what is known of it changed. */
  readonly isEntry: boolean;
}

/** Watches directories, not what is below them. */
export interface DirectoryWatch {
  /** Tells of what happens, and of all that has happened before somebody listened. */
  readonly listen: (onEvent: (event: DirectoryEvent) => void) => void;
  /** Watches a directory too, with what identifies the one that is there; until `follow` says otherwise. */
  readonly add: (directory: string, identity: string) => void;
  /**
   * Watches exactly these directories: paths with what identifies the directory that is there. One that was replaced by
   * another at the same path is watched anew.
   */
  readonly follow: (directories: ReadonlyMap<string, string>) => Followed;
  readonly close: () => void;
}

/** What became of directories that are to be watched. */
export interface Followed {
  /** Those that cannot be watched. */
  readonly unwatched: readonly string[];
  /** Whether some are watched that were not before: what came into them may have been missed. */
  readonly hasBegun: boolean;
}

/**
 * A watch on directories. An event is a hint that something may have changed, no more: names come late, twice, or not at
 * all, and what is reached by a link is not told of.
 *
 * Node's own watch is used, one for a directory and none for its files: chokidar reads the whole directory again after each
 * event, which for a thousand files costs 20 to 100 ms of CPU time an edit, where this costs less than one.
 */
export function createDirectoryWatch(): DirectoryWatch {
  const early: DirectoryEvent[] = [];
  let tell = (event: DirectoryEvent): void => void early.push(event);
  const watches = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>();
  const stop = (directory: string): void => {
    watches.get(directory)?.watcher.close();
    watches.delete(directory);
  };
  const start = (directory: string, identity: string): boolean => {
    if (watches.get(directory)?.identity === identity) return true;
    stop(directory);
    try {
      const watcher = watch(directory, (type, name) => {
        const isEntry = type === "rename";
        if (!isEntry || !maybeItself(directory, name)) {
          tell({ directory, name: name ?? undefined, isEntry });
          return;
        }
        stop(directory);
        start(directory, identity);
        tell({ directory, name: undefined, isEntry });
      });
      watcher.on("error", () => {
        // Such as the directory's removal, on some systems.
        stop(directory);
        tell({ directory, name: undefined, isEntry: true });
      });
      watches.set(directory, { identity, watcher });
      return true;
    } catch {
      return false;
    }
  };
  return {
    listen: (onEvent) => {
      tell = onEvent;
      early.splice(0).forEach(onEvent);
    },
    add: start,
    follow: (directories) => {
      for (const directory of watches.keys()) if (!directories.has(directory)) stop(directory);
      const before = new Map(watches);
      const missing = [...directories].filter((entry) => !start(...entry));
      return {
        unwatched: missing.map(([directory]) => directory),
        hasBegun: [...watches].some(([directory, watching]) => before.get(directory) !== watching),
      };
    },
    close: () => {
      for (const directory of watches.keys()) stop(directory);
    },
  };
}

/**
 * Whether an entry that came or went may be the directory itself: it goes by its own name, without its watch saying so, and
 * another that is made in its place at once may have the same identity.
 */
function maybeItself(directory: string, name: string | null): boolean {
  return name === null || name === "" || name === basename(directory);
}
