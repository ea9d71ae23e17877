import { type FSWatcher, watch } from "node:fs";

/** What happened in a directory. */
export interface DirectoryEvent {
  readonly directory: string;
  /** The entry to which it happened; undefined when that is not known. */
  readonly name: string | undefined;
  /** The entry came, went or was replaced; else it was written, or what is known of it changed. */
  readonly isEntry: boolean;
}

/** Is told of what happened. */
export type OnDirectoryEvent = (event: DirectoryEvent) => void;

/** Watches directories, not what is below them. */
export interface DirectoryWatch {
  /**
   * Watches exactly these directories: paths with what identifies the directory that is there. One that was replaced by
   * another at the same path is watched anew. Says which cannot be watched.
   */
  readonly follow: (directories: ReadonlyMap<string, string>) => readonly string[];
  readonly close: () => void;
}

/**
 * A watch on directories. An event is a hint that something may have changed, no more: names come late, twice, or not at
 * all, and what is reached by a link is not told of.
 *
 * Node's own watch is used, one for a directory and none for its files: chokidar reads the whole directory again after each
 * event, which for a thousand files costs 20 to 100 ms of CPU time an edit, where this costs less than one.
 */
export function createDirectoryWatch(onEvent: OnDirectoryEvent): DirectoryWatch {
  const watches = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>();
  const stop = (directory: string): void => {
    watches.get(directory)?.watcher.close();
    watches.delete(directory);
  };
  const start = (directory: string, identity: string): boolean => {
    try {
      const watcher = watch(directory, (type, name) => {
        onEvent({ directory, name: name ?? undefined, isEntry: type === "rename" });
      });
      watcher.on("error", () => {
        // Such as the directory's removal, on some systems.
        stop(directory);
        onEvent({ directory, name: undefined, isEntry: true });
      });
      watches.set(directory, { identity, watcher });
      return true;
    } catch {
      return false;
    }
  };
  return {
    follow: (directories) => {
      for (const [directory, { identity }] of watches) {
        if (directories.get(directory) !== identity) stop(directory);
      }
      const missing = [...directories].filter(([directory]) => !watches.has(directory));
      return missing.filter((entry) => !start(...entry)).map(([directory]) => directory);
    },
    close: () => {
      for (const directory of watches.keys()) stop(directory);
    },
  };
}
