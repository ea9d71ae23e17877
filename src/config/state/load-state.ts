import type { Stats } from "node:fs";
import { lstat, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnostic } from "../../base/diagnostic.js";
import { inSlices } from "../sources/in-slices.js";
import type { ConfigRoot } from "../sources/root.js";
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
 * Loads what was in force by the files of some roots, and makes the directory if there is none. Never throws: without a
 * state the mesh begins with what files say now.
 */
export async function loadState(
  directory: string,
  roots: readonly ConfigRoot[],
): Promise<LoadedState> {
  try {
    await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    const wrong = describeOwner(await lstat(directory), "chmod 700");
    if (wrong !== undefined) return { files: [], problems: [problemAt(directory, wrong)] };
    const paths = (await readdir(directory)).sort().map((name) => join(directory, name));
    for (const path of paths.filter((one) => one.endsWith(TEMPORARY)))
      await rm(path, { force: true });
    const saved = paths.filter((path) => path.endsWith(".json"));
    const loaded = await inSlices(saved, (path) => loadFile(path, roots));
    return {
      files: loaded.flatMap(({ files }) => files),
      problems: loaded.flatMap(({ problems }) => problems),
    };
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    return { files: [], problems: [problemAt(directory, `it cannot be read (${code})`)] };
  }
}

async function loadFile(path: string, roots: readonly ConfigRoot[]): Promise<LoadedState> {
  const stats = await lstat(path);
  const wrong = stats.isFile()
    ? (describeOwner(stats, "chmod 600") ?? describeSize(stats))
    : "it is no file";
  if (wrong !== undefined) return { files: [], problems: [problemAt(path, wrong)] };
  const { file, ...rest } = decodeStateFile(await readFile(path, "utf8"), roots);
  if (file !== undefined) return { files: [file], problems: [] };
  const { problem } = rest as { readonly problem?: string };
  return { files: [], problems: problem === undefined ? [] : [problemAt(path, problem)] };
}

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
