/**
 * Files that only their owner may read, written so that a reader sees either all of a file or none of it, also after a
 * power cut.
 */
import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { link, lstat, mkdir, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { StateFileError } from "./ca-error.js";

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const OTHERS = 0o077;
const MAX_BYTES = 1024 * 1024;

/**
 * Makes a directory for its owner alone when it is missing, and checks one that is there: nobody else may even list it,
 * and it is not someone else's, put in the place of ours.
 * @throws StateFileError
 */
export async function makePrivateDirectory(path: string): Promise<void> {
  await orAccessError(path, () => mkdir(path, { recursive: true, mode: DIRECTORY_MODE }));
  const stats = await orAccessError(path, () => lstat(path));
  if (!stats.isDirectory()) {
    throw new StateFileError("state-file-kind", path, "is not a directory");
  }
  checkOwner(path, stats);
  checkMode(path, stats);
}

/**
 * The content of a private file; undefined when there is none.
 * @throws StateFileError when others may read or write it, it is no plain file, it belongs to someone else, or is larger
 *   than `maxBytes`, which is 1 MiB when absent.
 */
export async function readPrivateFile(
  path: string,
  maxBytes = MAX_BYTES,
): Promise<Buffer | undefined> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (errorCode(error) === "ELOOP") {
      throw new StateFileError("state-file-kind", path, "is a symbolic link; give the file itself");
    }
    throw accessError(path, error);
  }
  try {
    // Of the open file, so that nobody can put another in its place between the look and the reading.
    const stats = await file.stat();
    if (!stats.isFile()) throw new StateFileError("state-file-kind", path, "is not a plain file");
    checkOwner(path, stats);
    checkMode(path, stats);
    if (stats.size > maxBytes) {
      throw new StateFileError("state-file-content", path, `has more than ${maxBytes} bytes`);
    }
    return await orAccessError(path, () => file.readFile());
  } finally {
    await file.close();
  }
}

/**
 * Writes a private file, in the place of an old one if there is one.
 * @throws StateFileError
 */
export async function writePrivateFile(path: string, content: string | Buffer): Promise<void> {
  await orAccessError(path, async () => {
    const temporary = await writeTemporary(path, content);
    await orRemoved(temporary, () => rename(temporary, path));
    await syncDirectory(dirname(path));
  });
}

/**
 * Writes a private file only if there is none of that name: of several that try at once, also in different processes,
 * exactly one is told true.
 * @throws StateFileError
 */
export async function createPrivateFile(path: string, content: string | Buffer): Promise<boolean> {
  return orAccessError(path, async () => {
    const temporary = await writeTemporary(path, content);
    try {
      await link(temporary, path);
    } catch (error) {
      if (errorCode(error) === "EEXIST") return false;
      throw error;
    } finally {
      await unlink(temporary);
    }
    await syncDirectory(dirname(path));
    return true;
  });
}

/**
 * Removes a file; false when there was none.
 * @throws StateFileError
 */
export async function removePrivateFile(path: string): Promise<boolean> {
  return orAccessError(path, async () => {
    try {
      await unlink(path);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    }
    await syncDirectory(dirname(path));
    return true;
  });
}

async function writeTemporary(path: string, content: string | Buffer): Promise<string> {
  const name = `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`;
  const temporary = join(dirname(path), name);
  const file = await open(temporary, "wx", FILE_MODE);
  await orRemoved(temporary, async () => {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  });
  return temporary;
}

/** Who tries again and again on a disk that is full leaves nothing behind. */
async function orRemoved(temporary: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function checkMode(path: string, stats: Stats): void {
  const mode = stats.mode & 0o777;
  if ((mode & OTHERS) === 0) return;
  const wanted = (mode & ~OTHERS).toString(8).padStart(4, "0");
  throw new StateFileError(
    "state-file-mode",
    path,
    `has mode ${mode.toString(8).padStart(4, "0")}, so that others may get at its secrets; ` +
      `find out who did, then chmod ${wanted}`,
  );
}

function checkOwner(path: string, stats: Stats): void {
  const uid = process.getuid?.();
  if (uid === undefined || stats.uid === uid || stats.uid === 0) return;
  throw new StateFileError(
    "state-file-owner",
    path,
    `belongs to user ${stats.uid}, but this is run by user ${uid}`,
  );
}

async function orAccessError<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw error instanceof StateFileError ? error : accessError(path, error);
  }
}

/** What of the reasons says by itself what is to be done. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the user has used up what it may have of the disk"],
  ["EROFS", "the disk is read-only"],
  ["EACCES", "permission denied"],
]);

function accessError(path: string, cause: unknown): StateFileError {
  const code = errorCode(cause) ?? "unknown error";
  const words = REASONS.get(code);
  const reason = words === undefined ? code : `${words}, ${code}`;
  return new StateFileError("state-file-access", path, `cannot be used (${reason})`, { cause });
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
