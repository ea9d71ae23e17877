/** What files would be, if a directory took the place of one that is read. */
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { RootStatus, Source, SourceBatch } from "../sources/source.js";
import type { ConfigState } from "./config-state.js";

/** A file of the directory that is to take the place: its text, or why it has none that can be read. */
export type ReplacingFile = {
  /** Below the directory; empty when the directory is a file itself. */
  readonly path: string;
} & ({ readonly text: string } | { readonly code: string; readonly message: string });

/** A place in which a directory is to be. */
export interface Place {
  /** The files that are there now, as they are shown. */
  readonly paths: ReadonlySet<string>;
  /** The path of a file as it is shown, by its path below the directory. */
  readonly pathOf: (below: string) => string;
  /** The root of a file by its path; of one that would be in none the first. */
  readonly rootOf: (path: string) => string;
  /** Whether a root is the place, or in it. */
  readonly covers: (root: string) => boolean;
}

type FilesAndRoots = Pick<ConfigState, "files" | "roots">;

/** A root of YAML. */
interface Root {
  /** As it was given. */
  readonly path: string;
  /** Absolute. */
  readonly full: string;
}

/**
 * The place of a directory of this name: that of the directories of that name, be it roots, in them or above them; of all
 * roots where there is none. Secrets that are read as folders are no part of it, and neither are roots that were made.
 */
export function placeOf(
  { files, roots }: FilesAndRoots,
  name: string,
  made: readonly string[],
): Place {
  const configs = roots
    .filter(({ kind, path }) => kind === "config" && !made.includes(path))
    .map(({ path }): Root => ({ path, full: resolve(path) }));
  const byPath = new Map(configs.map((root) => [root.path, root]));
  const named = new Set(configs.filter(({ full }) => basename(full) === name));
  const bases = new Set([...named].slice(0, 1).map(({ full }) => full));
  const all: string[] = [];
  const own: string[] = [];
  for (const [path, file] of files.byPath) {
    const root = byPath.get(file.root);
    if (root === undefined) continue;
    all.push(path);
    const base = named.has(root) ? root.full : innermost(path, name);
    if (base === undefined) continue;
    bases.add(base);
    own.push(path);
  }
  const [base] = [...bases].sort();
  return base === undefined
    ? placeAt(configs[0]?.full ?? "", configs, all)
    : placeAt(base, configs, own);
}

/** The innermost directory of a name that a file is in. */
function innermost(path: string, name: string): string | undefined {
  const names = dirname(resolve(path)).split(sep);
  const at = names.lastIndexOf(name);
  return at === -1 ? undefined : names.slice(0, at + 1).join(sep);
}

function placeAt(base: string, roots: readonly Root[], paths: readonly string[]): Place {
  const rootAt = (full: string): Root | undefined => roots.find((root) => isIn(root.full, full));
  const shown = (full: string, { path, full: outer } = rootAt(full) ?? NO_ROOT): string =>
    full === outer ? path : join(path, relative(outer, full));
  const root = rootAt(base);
  const prefix = root && shown(base, root);
  return {
    paths: new Set(paths),
    pathOf: (below) => {
      if (prefix === undefined) return shown(join(base, below));
      return below === "" ? prefix : join(prefix, below);
    },
    rootOf: (path) => (root ?? rootAt(resolve(path)) ?? roots[0])?.path ?? base,
    covers: (path) => isIn(base, resolve(path)),
  };
}

/** What is in no root is shown as it is. */
const NO_ROOT: Root = { path: "/", full: "/" };

/** Whether a path is that of a directory, or below it; both absolute. */
function isIn(directory: string, path: string): boolean {
  return path === directory || path.startsWith(join(directory, sep));
}

/** What would be found, were these all files in a place. */
export function replacing(
  state: FilesAndRoots,
  place: Place,
  files: readonly ReplacingFile[],
): SourceBatch {
  const changed = files.map(({ path: below, ...contents }): Source => {
    const path = place.pathOf(below);
    const root = place.rootOf(path);
    return "text" in contents
      ? { type: "text", path, root, ...contents }
      : { type: "unreadable", path, root, ...contents };
  });
  const present = new Set(changed.map(({ path }) => path));
  const removed = [...place.paths].filter((path) => !present.has(path));
  return {
    roots: state.roots.flatMap((root) => rootWith(root, state, { place, changed, removed })),
    changed,
    removed,
    isComplete: false,
  };
}

/** Files of a place, and the place. */
interface Replacing extends Pick<SourceBatch, "changed" | "removed"> {
  readonly place: Place;
}

/** A root as it would be; none, when all of it is where the directory is not: that is no root that is empty. */
function rootWith(
  root: RootStatus,
  { files }: FilesAndRoots,
  { place, changed, removed }: Replacing,
): readonly RootStatus[] {
  if (root.kind !== "config") return [root];
  const isOf = (path: string): boolean => files.byPath.get(path)?.root === root.path;
  const gone = removed.filter((path) => isOf(path) && !files.lost.has(path));
  const come = changed.filter((one) => one.root === root.path && !isOf(one.path));
  const sourceCount = root.sourceCount - gone.length + come.length;
  if (sourceCount === 0 && gone.length > 0 && !place.covers(root.path)) return [];
  return [{ ...root, exists: root.exists || come.length > 0, sourceCount, isSettled: true }];
}
