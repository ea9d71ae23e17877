/** What is the same about looking for configuration and for secrets. */
import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { type Found, problemOf, type SourceProblem } from "./found.js";
import type { SourceLimits } from "./root.js";

/** Where to look. */
export interface Search {
  /** The root as it was given. */
  readonly root: string;
  /** The directory to look in: the root, or a directory below it. */
  readonly from: string;
  readonly limits: SourceLimits;
  readonly onDirectory?: OnDirectory | undefined;
}

/** Is told of a directory in which a change matters, and what identifies it, before what is in it is looked at. */
export type OnDirectory = (path: string, identity: string) => void;

/** What a root has, and the directories in which a change matters. */
export interface RootContents {
  readonly found: readonly Found[];
  /** By path, with what identifies the directory that is there. */
  readonly directories: ReadonlyMap<string, string>;
  /** Whether there is such a directory, or file. */
  readonly exists: boolean;
}

/** Whether a file or directory of this name is passed over. */
export function isHidden(name: string): boolean {
  return name.startsWith(".");
}

/** What is in a directory and not hidden, by name; a problem when that cannot be read. */
export async function entriesIn(directory: string): Promise<readonly Dirent[] | SourceProblem> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter(({ name }) => !isHidden(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    return problemOf(error);
  }
}

/** What is there and will not be read. */
export function unreadable(
  found: Pick<Found, "path" | "root" | "kind" | "isLinked">,
  problem: SourceProblem,
): Found {
  return { ...found, fingerprint: problem.message, problem };
}
