/** What `up` keeps between two runs, and that no two of them use at once. */
import { copyFile, readdir, rename, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { makePrivateDirectory, removePrivateFile } from "../../ca/private-file.js";
import { UpError } from "../up-error.js";
import { takeLock } from "./process-lock.js";

/** The places in a state directory. */
export interface StateDirectory {
  /** The control plane's own state is here too. */
  readonly path: string;
  /** The resources that `up` makes. */
  readonly made: string;
  /** A directory for each pod's proxy. */
  readonly proxies: string;
  /** A log file for each pod, and the control plane's. */
  readonly logs: string;
  /** The authority for development certificates. */
  readonly development: string;
  readonly addressesFile: string;
  /** Lets the next one have it. */
  release(): Promise<void>;
}

const LOG = ".log";
const OLDER = ".1";

/**
 * Opens a state directory for this process alone; it is made when it is missing.
 * @throws UpError when another process has it
 * @throws StateFileError when it cannot be used
 */
export async function openStateDirectory(path: string): Promise<StateDirectory> {
  await makePrivateDirectory(path);
  const lockFile = join(path, "up.pid");
  await lock(lockFile);
  const logs = logPath(path);
  const proxies = join(path, "proxies");
  await makePrivateDirectory(logs);
  await makePrivateDirectory(proxies);
  return {
    path,
    made: madePath(path),
    proxies,
    logs,
    development: join(path, "development"),
    addressesFile: join(path, "addresses.json"),
    release: async () => {
      await removePrivateFile(lockFile);
    },
  };
}

/** Where in a state directory the resources are that `up` makes. */
export function madePath(stateDirectory: string): string {
  return join(stateDirectory, "made");
}

/** Where in a state directory the logs are. */
export function logPath(stateDirectory: string): string {
  return join(stateDirectory, "logs");
}

async function lock(file: string): Promise<void> {
  const holder = await takeLock(file);
  if (holder === undefined) return;
  throw new UpError(
    "already-running",
    `another fairlead up (process ${holder}) runs this directory`,
    `end that one first, or give this one a state of its own with --state; if process ${holder} is no fairlead, remove ${file}`,
  );
}

/** Sets the logs of the run before aside, each as `NAME.log.1`. */
export async function setLogsAside(directory: string): Promise<void> {
  for (const file of await logFiles(directory)) await rename(file, file + OLDER);
}

/** Sets aside what is in log files larger than `maxBytes` and empties them, while they are being written to. */
export async function boundLogs(directory: string, maxBytes: number): Promise<void> {
  for (const file of await logFiles(directory)) {
    if ((await stat(file)).size <= maxBytes) continue;
    await copyFile(file, file + OLDER);
    // Whoever writes appends, so that it goes on at the new end.
    await truncate(file, 0);
  }
}

async function logFiles(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  return names.filter((name) => name.endsWith(LOG)).map((name) => join(directory, name));
}
