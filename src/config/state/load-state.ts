import type { Stats } from "node:fs";
import { lstat, mkdir, readdir, readFile, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnostic } from "../../base/diagnostic.js";
import { inBatches } from "../../base/steps/in-batches.js";
import type { ConfigRoot } from "../sources/root.js";
import { FILES_AT_ONCE } from "../sources/root.js";
import type { SavedFile } from "../store/saved-file.js";
import { decodeStateFile, TEMPORARY } from "./state-file.js";

/** What was found in a state directory. */
export interface LoadedState {
  readonly files: readonly SavedFile[];
  /** What is wrong with the state directory; what is concerned is ignored. */
  readonly problems: readonly Diagnostic[];
}

/** The mode of the state directory: what is saved may have private keys in it. */
const DIRECTORY_MODE = 0o700;
/** The permissions of anybody but the owner. */
const OTHERS = 0o077;
const MAX_BYTES = 64 * 2 ** 20;
/**
 * What was saved of a root is kept so long while other roots are read, in milliseconds: who reads one and the other in turn finds
 * both as they were.
 */
const UNUSED_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Loads what was in force by the files of some roots, and makes the directory if there is none. What is of other roots, and was
 * neither loaded nor saved for a month, is removed. Never throws: without a state the mesh begins with what files say now.
 */
export async function loadState(
  directory: string,
  roots: readonly ConfigRoot[],
  now: () => number = Date.now,
): Promise<LoadedState> {
  try {
    await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    const wrong = describeOwner(await lstat(directory), "chmod 700");
    if (wrong !== undefined) return { files: [], problems: [problemAt(directory, wrong)] };
    const paths = (await readdir(directory)).sort().map((name) => join(directory, name));
    for (const path of paths.filter((one) => one.endsWith(TEMPORARY)))
      await rm(path, { force: true });
    const saved = paths.filter((path) => path.endsWith(".json"));
    const loaded = await inBatches(saved, FILES_AT_ONCE, (path) => loadFile(path, roots, now()));
    return {
      files: loaded.flatMap(({ files }) => files),
      problems: loaded.flatMap(({ problems }) => problems),
    };
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    return { files: [], problems: [problemAt(directory, `it cannot be read (${code})`)] };
  }
}

async function loadFile(
  path: string,
  roots: readonly ConfigRoot[],
  now: number,
): Promise<LoadedState> {
  const stats = await lstat(path);
  const wrong = stats.isFile()
    ? (describeOwner(stats, "chmod 600") ?? describeSize(stats))
    : "it is no file";
  if (wrong !== undefined) return { files: [], problems: [problemAt(path, wrong)] };
  const { file, ...rest } = decodeStateFile(await readFile(path, "utf8"), roots);
  const { problem } = rest as { readonly problem?: string };
  if (problem !== undefined) return { files: [], problems: [problemAt(path, problem)] };
  const isUnused = file === undefined && stats.mtimeMs < now - UNUSED_MS;
  // What was read is good whether or not this can be written: who saves next tells of a disk that takes nothing.
  if (isUnused) await rm(path, { force: true }).catch(ignored);
  if (file !== undefined) await utimes(path, now / 1000, now / 1000).catch(ignored);
  return { files: file === undefined ? [] : [file], problems: [] };
}

const ignored = (): void => undefined;

/** Why somebody else may have read, or even written, what is there. */
function describeOwner({ mode, uid }: Stats, remedy: string): string | undefined {
  // There are no owners on Windows.
  const own = process.getuid?.() ?? uid;
  if (uid !== own) return "it belongs to another user";
  if ((mode & OTHERS) === 0) return undefined;
  return `others have access to it (mode ${(mode & 0o777).toString(8)}); ${remedy} if you trust it`;
}

function describeSize({ size }: Stats): string | undefined {
  return size > MAX_BYTES ? "it is too large" : undefined;
}

function problemAt(file: string, message: string): Diagnostic {
  const position = { file, line: 1, column: 1 };
  return {
    severity: "warning",
    code: "ignored-state",
    message: `the saved state is ignored: ${message}`,
    position,
  };
}
