import { type BigIntStats, stat } from "node:fs";

/** A file or folder that was found, but not read yet. */
export interface Found {
  /** As it is shown: the root as it was given, then the path below it. */
  readonly path: string;
  readonly root: string;
  readonly kind: "config" | "secrets";
  /** Changes when what is there changes. */
  readonly fingerprint: string;
  /** Whether it was reached by a symbolic link, so that it can change without an event at its own path. */
  readonly isLinked: boolean;
  /** Why it will not be read. */
  readonly problem?: SourceProblem;
}

/** Why something cannot be read. */
export interface SourceProblem {
  readonly code: string;
  readonly message: string;
}

/** What identifies the contents of a file as far as that can be had without reading it. */
export function fingerprintOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/** What identifies a directory, whatever path leads to it. */
export function identityOf({ dev, ino }: BigIntStats): string {
  return `${String(dev)} ${String(ino)}`;
}

/**
 * The stats of what is at a path, symbolic links followed; a problem when there is none to follow to. By a callback, which takes a
 * third less than the promises of `node:fs`: all files are asked for them every half minute.
 */
export function statOf(path: string): Promise<BigIntStats | SourceProblem> {
  return new Promise((resolve) => {
    stat(path, { bigint: true }, (error, stats) => {
      resolve(error === null ? stats : problemOf(error));
    });
  });
}

/** Whether there are stats. */
export function isStats(result: BigIntStats | SourceProblem): result is BigIntStats {
  return !("code" in result);
}

/** The code of a problem that means that there is nothing. */
export const NOTHING = "ENOENT";

/** The code of a problem that may pass, and that says nothing of what is there. */
export const UNREADABLE = "unreadable";

/** What an error of the file system means to the user. */
export function problemOf(error: unknown): SourceProblem {
  const { code = "" } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return { code: NOTHING, message: "it is not there" };
    case "ELOOP":
      return { code: "symlink-loop", message: "the symbolic link leads to itself" };
    case "EACCES":
    case "EPERM":
      return { code: UNREADABLE, message: "there is no permission to read it" };
    default:
      return { code: UNREADABLE, message: `it cannot be read (${code})` };
  }
}
