import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../base/clock.js";
import { errorMessage } from "../../base/error-message.js";
import type { ConfigState } from "../store/config-state.js";
import { changedPaths, type SavedFile, savedFileOf } from "../store/saved-file.js";
import { encodeStateFile, stateFileName, TEMPORARY } from "./state-file.js";

/** How a state is saved. */
export interface SaveOptions {
  /** Exists, and nobody else has access to it. */
  readonly directory: string;
  /** What the directory has now. */
  readonly saved: ConfigState;
  readonly clock: Clock;
  /** Is told once for all that could not be saved in one go; it is tried again after a while. */
  readonly onError: (error: unknown) => void;
  /** How long changes are gathered, in milliseconds. */
  readonly delayMs?: number;
}

/** Saves what is in force, behind the back of those who change it. */
export interface StateSaver {
  /** Takes note of a state; it is saved within about a second. */
  readonly take: (state: ConfigState) => void;
  /** Saves what is not saved yet. */
  readonly close: () => Promise<void>;
}

const DEFAULT_DELAY_MS = 1000;
/** After what could not be saved nothing is tried for so long, in milliseconds: a disk that is full stays so for a while. */
const RETRY_MS = 10_000;
/** What is saved may have private keys in it. */
const FILE_MODE = 0o600;

/**
 * A saver that writes one file for each file of the configuration by which something else is in force than before. A
 * file is written beside its place and then moved there, so that it is whole whenever the process ends; it is not forced
 * to the disk: what a crash of the machine spoils is ignored.
 */
export function createStateSaver(options: SaveOptions): StateSaver {
  const { directory, clock, onError, delayMs = DEFAULT_DELAY_MS } = options;
  const failed = new Set<string>();
  let { saved } = options;
  let latest = saved;
  let cancel: (() => void) | undefined;
  let isClosed = false;
  let work: Promise<void> = Promise.resolve();

  const save = async (): Promise<void> => {
    const paths = new Set([...changedPaths(saved, latest), ...failed]);
    saved = latest;
    failed.clear();
    const errors: unknown[] = [];
    for (const path of paths) {
      try {
        await saveFile(directory, path, savedFileOf(saved, path));
      } catch (error) {
        failed.add(path);
        errors.push(error);
      }
    }
    if (errors.length === 0) return;
    onError(inOne(errors, directory));
    // What was to be saved soon is among it.
    cancel?.();
    cancel = undefined;
    schedule();
  };
  const flush = (): Promise<void> => {
    cancel?.();
    cancel = undefined;
    work = work.then(save);
    return work;
  };
  const schedule = (): void => {
    if (!isClosed) {
      cancel ??= clock.after(failed.size > 0 ? RETRY_MS : delayMs, () => void flush());
    }
  };
  return {
    take: (state) => {
      const isSame = state.standings === latest.standings;
      latest = state;
      if (!isSame) schedule();
    },
    close: () => {
      isClosed = true;
      return flush();
    },
  };
}

/** What could not be saved, and what comes of it. */
function inOne(errors: readonly unknown[], directory: string): unknown {
  const [cause] = errors;
  const count = errors.length === 1 ? "1 file" : `${String(errors.length)} files`;
  const what = `${count}, the first: ${errorMessage(cause)}`;
  const consequence = `what is in force goes on, but what ${directory} has of before would count after a restart`;
  return new Error(`${what}; ${consequence}`, { cause });
}

async function saveFile(
  directory: string,
  path: string,
  file: SavedFile | undefined,
): Promise<void> {
  const name = stateFileName(path);
  const target = join(directory, name);
  if (file === undefined) {
    await rm(target, { force: true });
    return;
  }
  const temporary = join(directory, `.${name}${TEMPORARY}`);
  const handle = await openNew(temporary);
  try {
    await handle.writeFile(encodeStateFile(file));
  } finally {
    await handle.close();
  }
  await rename(temporary, target);
}

/** Opens a file that is not there yet; what was left there is removed. */
async function openNew(path: string): Promise<FileHandle> {
  // It is made with its mode: at no moment can others read it.
  const make = (): Promise<FileHandle> => open(path, "wx", FILE_MODE);
  try {
    return await make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    await rm(path, { force: true });
    return make();
  }
}
