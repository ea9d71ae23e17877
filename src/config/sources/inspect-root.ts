import { lstatSync, type Stats } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { DirectoryEvent } from "./directory-watch.js";
import { findAt, isConfigName } from "./find-config.js";
import { findSecret } from "./find-secrets.js";
import { type Found, identityOf, isStats, statOf } from "./found.js";
import { keepUnread } from "./keep-unread.js";
import type { ConfigRoot, SourceLimits } from "./root.js";
import { type RootScan, scanRoot } from "./scan.js";
import { SECRET_FILES } from "./source.js";

/** What an event in a directory makes necessary. */
export type Suspicion =
  /** To look at all of the root. */
  | { readonly type: "all" }
  /**
   * To look at one path; `isWhole` when a file was put there that has all that will be in it, `isWritten` when what was there
   * is written.
   */
  | {
      readonly type: "path";
      readonly path: string;
      readonly isWhole: boolean;
      readonly isWritten: boolean;
    }
  /** To look at what is reached by links. */
  | { readonly type: "links" };

/** What of a root is different from what it was. */
export interface RootChange {
  readonly scan: RootScan;
  /** What is new or may have changed. */
  readonly changed: readonly Found[];
  /** The paths at which there is nothing any more. */
  readonly removed: readonly string[];
}

/** The directories whose events concern a root. */
export interface Watched {
  /** By path, with what identifies the directory that is there. */
  readonly directories: ReadonlyMap<string, string>;
  /** The nearest directory above the root that exists. */
  readonly above: string;
}

/** What the names begin with by which Kubernetes swaps the files of a mounted volume (`..data`). */
const SWAP = "..";

/** The system copies a file in one go, of which it tells at the end: a larger one may be there in part for longer than we wait. */
const WHOLE_BYTES = 2 ** 20;

/** What an event means for a root; undefined for nothing. */
export function suspect(
  scan: RootScan,
  { above }: Pick<Watched, "above">,
  { directory, name, isEntry }: DirectoryEvent,
): Suspicion | undefined {
  const { root, directories } = scan;
  if (!directories.has(directory)) {
    if (directory !== above) return { type: "links" };
    const concerns = name === undefined || isOnTheWay(root.path, directory, name);
    return concerns ? { type: "all" } : undefined;
  }
  if (name === undefined || name.startsWith(SWAP)) return { type: "all" };
  if (name.startsWith(".")) return undefined;
  if (root.kind === "config") return suspectEntry(scan, join(directory, name), isEntry);
  const isFile = SECRET_FILES.some((file) => file === name);
  return isFile
    ? { type: "path", path: directory, isWhole: false, isWritten: false }
    : { type: "all" };
}

/**
 * What an event on an entry of a directory of configuration means. A file that is written beside the one whose place it
 * will take is nothing; one that has come, and is not empty, was written before or is told of again while it is, unless it is
 * large.
 */
function suspectEntry(
  { directories, found }: RootScan,
  path: string,
  isEntry: boolean,
): Suspicion | undefined {
  const stats = statsNow(path);
  if (!isConfigName(basename(path))) {
    // Found are also directories that cannot be read, and links that lead nowhere.
    const isKnown = directories.has(path) || found.has(path);
    const matters = isKnown || stats?.isFile() === false;
    return matters ? { type: "path", path, isWhole: false, isWritten: false } : undefined;
  }
  const isWhole =
    isEntry && stats?.isFile() === true && stats.size > 0 && stats.size <= WHOLE_BYTES;
  return { type: "path", path, isWhole, isWritten: !isEntry };
}

/** What is at a path, links not followed; undefined for nothing, and for what cannot be looked at. */
function statsNow(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Whether the entry of a directory is the root, or a directory above it. */
function isOnTheWay(root: string, directory: string, name: string): boolean {
  const below = relative(join(directory, name), resolve(root));
  return below.split(sep)[0] !== "..";
}

/** What is different, as some suspicions say. */
export async function inspect(
  before: RootScan,
  suspicions: readonly Suspicion[],
  limits: SourceLimits,
): Promise<RootChange> {
  const paths = new Set<string>();
  for (const suspicion of suspicions) {
    if (suspicion.type === "path") paths.add(suspicion.path);
    if (suspicion.type === "links") for (const path of linkedPaths(before)) paths.add(path);
  }
  if (suspicions.some(({ type }) => type === "all")) return inspectAll(before, paths, limits);
  let { found } = before;
  const changed: Found[] = [];
  const removed: string[] = [];
  for (const path of paths) {
    const now = await lookAt(before, path, limits);
    if (now === "all") return inspectAll(before, paths, limits);
    if (now !== undefined) changed.push(now);
    else if (found.has(path)) removed.push(path);
    found = now === undefined ? found.without(path) : found.with(path, now);
  }
  return { scan: { ...before, found }, changed, removed };
}

/** Looks at one path; `all` when it is, or was, more than a file. */
async function lookAt(
  { root, directories, found }: RootScan,
  path: string,
  limits: SourceLimits,
): Promise<Found | "all" | undefined> {
  if (root.kind === "secrets") return findSecret({ root: root.path, path, limits });
  const now = await findAt({ root: root.path, from: path, limits });
  if (now === undefined) return directories.has(path) ? "all" : undefined;
  if ("directory" in now) return directories.get(path) === now.directory ? undefined : "all";
  return { ...now, isLinked: now.isLinked || found.get(path)?.isLinked === true };
}

async function inspectAll(
  before: RootScan,
  suspected: ReadonlySet<string>,
  limits: SourceLimits,
): Promise<RootChange> {
  const scan = keepUnread(before, await scanRoot(before.root, limits));
  const changed = [...scan.found.values()].filter(
    ({ path, fingerprint }) =>
      // Two writes in a row can leave the same fingerprint.
      suspected.has(path) || before.found.get(path)?.fingerprint !== fingerprint,
  );
  const removed = [...before.found.keys()].filter((path) => !scan.found.has(path));
  return { scan, changed, removed };
}

function linkedPaths({ found }: RootScan): readonly string[] {
  return [...found.values()].filter(({ isLinked }) => isLinked).map(({ path }) => path);
}

/**
 * The directories whose events concern a root: its own, those of the files that links lead to, and the nearest one above
 * the root that exists, because the root may come, go or be replaced.
 */
export async function directoriesToWatch(scan: RootScan): Promise<Watched> {
  const above = await nearestAbove(scan.root);
  const directories = new Map(scan.directories);
  const identities = new Set(directories.values());
  for (const path of [above, ...(await realDirectories(scan))]) {
    const stats = await statOf(path);
    if (!isStats(stats) || identities.has(identityOf(stats))) continue;
    identities.add(identityOf(stats));
    directories.set(path, identityOf(stats));
  }
  return { directories, above };
}

/** The directories of the files that links lead to. */
async function realDirectories({ found }: RootScan): Promise<ReadonlySet<string>> {
  const real = new Set<string>();
  for (const { path, kind, isLinked, problem } of found.values()) {
    if (kind !== "config" || !isLinked || problem !== undefined) continue;
    real.add(dirname(await realpath(path).catch(() => path)));
  }
  return real;
}

/** The nearest directory above a root that exists. */
export async function nearestAbove({ path }: ConfigRoot): Promise<string> {
  let directory = dirname(resolve(path));
  while (!isStats(await statOf(directory)) && directory !== dirname(directory)) {
    directory = dirname(directory);
  }
  return directory;
}
