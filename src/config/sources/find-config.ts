import type { BigIntStats, Dirent } from "node:fs";
import { lstat } from "node:fs/promises";
import { basename, join } from "node:path";
import { inBatches } from "../../base/steps/in-batches.js";
import {
  type Found,
  fingerprintOf,
  identityOf,
  isStats,
  NOTHING,
  type SourceProblem,
  statOf,
} from "./found.js";
import type { SourceLimits } from "./root.js";
import { entriesIn, isHidden, type RootContents, type Search, unreadable } from "./search.js";

/** A directory, by what identifies it. */
export interface FoundDirectory {
  readonly directory: string;
}

/** A directory that is still to be looked into. */
interface Visit {
  readonly path: string;
  readonly depth: number;
  readonly isLinked: boolean;
}

/** What was found so far. */
interface Progress extends Search {
  readonly found: Found[];
  /** The directories that were seen, by what identifies them. */
  readonly seen: Map<string, string>;
  /** Links to directories: looked into when all real directories have been. */
  readonly links: Visit[];
}

const EXTENSION = /\.(?:ya?ml|json)$/i;
/** So many entries of a directory are asked for at a time. */
const ASKED_AT_ONCE = 64;

/** Whether a file of this name is read. */
export function isConfigName(name: string): boolean {
  return EXTENSION.test(name) && !isHidden(name);
}

/**
 * Finds the files of a directory, in it and below it: `.yaml`, `.yml` and `.json`. What is hidden is passed over;
 * symbolic links are followed, but a directory that is reached twice, in a loop or not, is read once.
 */
export async function findConfig(search: Search): Promise<RootContents> {
  const { from } = search;
  const stats = await statOf(from);
  if (!isStats(stats)) {
    const found = stats.code === NOTHING ? [] : [unread(search.root, from, stats, false)];
    return { found, directories: new Map(), exists: false };
  }
  if (!stats.isDirectory()) {
    return { found: [foundFile(search, from, stats, true)], directories: new Map(), exists: true };
  }
  const progress: Progress = { ...search, found: [], seen: new Map(), links: [] };
  const visits: Visit[] = [{ path: from, depth: 0, isLinked: false }];
  for (let visit = visits.shift(); visit !== undefined; visit = visits.shift()) {
    visits.unshift(...(await visitDirectory(progress, visit)));
    if (visits.length === 0) visits.push(...progress.links.splice(0));
  }
  const found = progress.found.sort((a, b) => (a.path < b.path ? -1 : 1));
  const directories = new Map([...progress.seen].map(([identity, path]) => [path, identity]));
  return { found, directories, exists: true };
}

/** Looks into a directory; the real directories in it, which are next. */
async function visitDirectory(progress: Progress, visit: Visit): Promise<readonly Visit[]> {
  const refusal = await refuseVisit(progress, visit);
  if (refusal !== undefined) {
    refuse(progress, visit, refusal);
    return [];
  }
  const entries = await entriesIn(visit.path);
  if ("code" in entries) {
    refuse(progress, visit, entries);
    return [];
  }
  const visits = await inBatches(entries, ASKED_AT_ONCE, (entry) =>
    visitEntry(progress, visit, entry),
  );
  return visits.filter((one) => one !== undefined);
}

/** A directory that went away while its parent was looked at is none that cannot be read. */
function refuse(progress: Progress, { path, isLinked }: Visit, problem: SourceProblem): void {
  if (problem.code === NOTHING) return;
  progress.found.push(unread(progress.root, path, problem, isLinked));
}

/** Why a directory is not looked into. */
async function refuseVisit(
  { seen, limits, onDirectory }: Progress,
  { path, depth }: Visit,
): Promise<SourceProblem | undefined> {
  const stats = await statOf(path);
  if (!isStats(stats)) return stats;
  if (depth > limits.depth) {
    const message = `the directory is more than ${String(limits.depth)} levels deep`;
    return { code: "too-deep", message };
  }
  const identity = identityOf(stats);
  const other = seen.get(identity);
  if (other === undefined) {
    seen.set(identity, path);
    onDirectory?.(path, identity);
    return undefined;
  }
  const message = `the symbolic link leads to ${other}, which is read already: what is in it is read once`;
  return { code: "symlink-loop", message };
}

/** Takes what an entry of a directory is; the directory that it is, if it is a real one. */
async function visitEntry(
  progress: Progress,
  { path: parent, depth, isLinked: isBelowLink }: Visit,
  entry: Dirent,
): Promise<Visit | undefined> {
  const path = join(parent, entry.name);
  const isLinked = isBelowLink || entry.isSymbolicLink();
  if (entry.isDirectory()) return { path, depth: depth + 1, isLinked };
  // Only of links it is not known what they are.
  if (!isConfigName(entry.name) && !entry.isSymbolicLink()) return undefined;
  const stats = await statOf(path);
  if (!isStats(stats)) {
    const problem = entry.isSymbolicLink() ? dangling(stats, entry.name) : stats;
    if (problem.code !== NOTHING) {
      progress.found.push(unread(progress.root, path, problem, isLinked));
    }
  } else if (stats.isDirectory()) {
    progress.links.push({ path, depth: depth + 1, isLinked });
  } else if (isConfigName(entry.name)) {
    progress.found.push(foundFile(progress, path, stats, isLinked));
  }
  return undefined;
}

/** A link to nothing matters when it would be read if it led to a file. */
function dangling(problem: SourceProblem, name: string): SourceProblem {
  if (problem.code !== NOTHING || !isConfigName(name)) return problem;
  return { code: "dangling-link", message: "the symbolic link leads to nothing" };
}

/**
 * What is at one path, where an event said that something changed: a file, a directory, or undefined for nothing that is
 * read. The directory may be reached by a link.
 */
export async function findAt(search: Search): Promise<Found | FoundDirectory | undefined> {
  const { from, root } = search;
  const [link, stats] = await Promise.all([lstat(from).catch(() => undefined), statOf(from)]);
  const isLinked = link?.isSymbolicLink() ?? false;
  if (isStats(stats)) {
    if (stats.isDirectory()) return { directory: identityOf(stats) };
    return isConfigName(basename(from)) ? foundFile(search, from, stats, isLinked) : undefined;
  }
  const problem = isLinked ? dangling(stats, basename(from)) : stats;
  return problem.code === NOTHING ? undefined : unread(root, from, problem, isLinked);
}

function foundFile(
  { root, limits }: Search,
  path: string,
  stats: BigIntStats,
  isLinked: boolean,
): Found {
  const problem = checkFile(stats, limits);
  const found = {
    path,
    root,
    kind: "config" as const,
    fingerprint: fingerprintOf(stats),
    isLinked,
  };
  return problem === undefined ? found : { ...found, problem };
}

function checkFile(stats: BigIntStats, { fileBytes }: SourceLimits): SourceProblem | undefined {
  if (!stats.isFile()) {
    return { code: "not-a-file", message: "it is no file but a device, a pipe or a socket" };
  }
  if (stats.size <= BigInt(fileBytes)) return undefined;
  return { code: "file-too-large", message: describeSize(stats.size, fileBytes) };
}

/** That a file is too large, with the limit. */
export function describeSize(size: bigint | number, limit: number): string {
  const mebibytes = (bytes: number): string =>
    `${String(Math.round((bytes / 2 ** 20) * 10) / 10)} MiB`;
  return `the file has ${mebibytes(Number(size))}; at most ${mebibytes(limit)} are read: split it`;
}

/** What is below a root of configuration and will not be read. */
const unread = (root: string, path: string, problem: SourceProblem, isLinked: boolean): Found =>
  unreadable({ path, root, kind: "config", isLinked }, problem);
