/**
 * What cannot be looked into or read is not gone: a process that is out of descriptors, or a file server that does not answer,
 * takes nothing away from a mesh.
 */
import { relative, sep } from "node:path";
import { Table } from "../../base/table/table.js";
import { type Found, UNREADABLE } from "./found.js";
import type { RootScan } from "./scan.js";
import type { Source } from "./source.js";

/** A look at all of a root, with what was found before in directories that could not be looked into now. */
export function keepUnread(before: RootScan, now: RootScan): RootScan {
  const unread = [...now.found.values()].filter(({ problem }) => problem?.code === UNREADABLE);
  if (unread.length === 0) return now;
  const isKept = ([path]: readonly [string, unknown]): boolean =>
    !now.found.has(path) && unread.some((one) => isIn(one.path, path));
  const kept = [...before.found].filter(isKept);
  const directories = [...before.directories].filter(
    (entry) => isKept(entry) || now.found.has(entry[0]),
  );
  return {
    ...now,
    exists: now.exists || kept.length > 0,
    found: Table.from([...now.found, ...kept]),
    directories: new Map([...directories, ...now.directories]),
  };
}

/** Whether a path is that of something in a directory, or below it. */
function isIn(directory: string, path: string): boolean {
  const [first] = relative(directory, path).split(sep);
  return first !== "" && first !== "..";
}

/** In place of what identifies the contents of a file. */
const NEVER_READ = "";

/** What was found, of which that is read again with the next look at everything which could not be read now. */
export function forgetUnread(found: Table<Found>, read: readonly Source[]): Table<Found> {
  return read
    .filter((source) => source.type === "unreadable" && source.code === UNREADABLE)
    .flatMap(({ path }) => found.get(path) ?? [])
    .filter(({ problem }) => problem === undefined)
    .reduce((all, one) => all.with(one.path, { ...one, fingerprint: NEVER_READ }), found);
}
