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
  /** Absolute. */
  readonly base: string;
  /** The files that are there now, as they are shown. */
  readonly paths: ReadonlySet<string>;
}

type FilesAndRoots = Pick<ConfigState, "files" | "roots">;

/**
 * The place of a directory of this name: that of the directories of that name, be it roots, in them or above them; of all
 * roots where there is none. Secrets that are read as folders are no part of it.
 */
export function placeOf(state: FilesAndRoots, name: string): Place {
  const roots = configRoots(state);
  const named = roots.map((root) => resolve(root)).filter((root) => basename(root) === name);
  const bases = new Set(named.slice(0, 1));
  const all: string[] = [];
  const own: string[] = [];
  for (const [path, { root }] of state.files.byPath) {
    if (!roots.includes(root)) continue;
    all.push(path);
    const base = baseOf(path, root, name);
    if (base === undefined) continue;
    bases.add(base);
    own.push(path);
  }
  const [base] = [...bases].sort();
  return base === undefined
    ? { base: resolve(roots[0] ?? ""), paths: new Set(all) }
    : { base, paths: new Set(own) };
}

const configRoots = ({ roots }: Pick<ConfigState, "roots">): readonly string[] =>
  roots.filter(({ kind }) => kind === "config").map(({ path }) => path);

/** The directory of that name that a file is in: the root, or else the innermost. */
function baseOf(path: string, root: string, name: string): string | undefined {
  if (basename(resolve(root)) === name) return resolve(root);
  const names = dirname(resolve(path)).split(sep);
  const at = names.lastIndexOf(name);
  return at === -1 ? undefined : names.slice(0, at + 1).join(sep);
}

/** The path of a file in a place, as it is shown. */
export function pathIn(state: Pick<ConfigState, "roots">, { base }: Place, below: string): string {
  const path = join(base, below);
  const root = rootOf(state, path);
  if (root === undefined) return path;
  return path === resolve(root) ? root : join(root, relative(resolve(root), path));
}

function rootOf(state: Pick<ConfigState, "roots">, path: string): string | undefined {
  return configRoots(state).find((root) => isIn(root, path));
}

/** Whether a path is that of a directory, or below it. */
function isIn(directory: string, path: string): boolean {
  const [outer, inner] = [resolve(directory), resolve(path)];
  return inner === outer || inner.startsWith(join(outer, sep));
}

/** What would be found, were these all files in a place. */
export function replacing(
  state: FilesAndRoots,
  place: Place,
  files: readonly ReplacingFile[],
): SourceBatch {
  const changed = files.map(({ path: below, ...contents }): Source => {
    const path = pathIn(state, place, below);
    const root = rootOf(state, resolve(path)) ?? configRoots(state)[0] ?? place.base;
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
  if (sourceCount === 0 && gone.length > 0 && !isIn(place.base, root.path)) return [];
  return [{ ...root, exists: root.exists || come.length > 0, sourceCount, isSettled: true }];
}
