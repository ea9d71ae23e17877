/** Files that say which process has something for itself. */
import { readFile } from "node:fs/promises";
import { createPrivateFile, readPrivateFile, removePrivateFile } from "../../ca/private-file.js";

/**
 * Takes a lock for this process; the number of the process that has it when that still runs, undefined when it was taken.
 * `removePrivateFile` gives it back.
 * @throws StateFileError when the file cannot be read or written, or is another user's
 */
export async function takeLock(file: string): Promise<number | undefined> {
  const own = (await processText(process.pid)) ?? "";
  while (!(await createPrivateFile(file, own))) {
    const pid = runningPid(await holderOf(file));
    if (pid !== undefined) return pid;
    await removeEnded(file, own);
  }
  return undefined;
}

/** What a lock says of its process, and whether that still runs. */
interface Holder {
  readonly text: string;
  readonly pid: number;
  readonly runs: boolean;
}

async function holderOf(file: string): Promise<Holder> {
  const text = (await readPrivateFile(file))?.toString("utf8") ?? "";
  const pid = Number.parseInt(text, 10);
  return { text, pid, runs: isRunning(pid) && (await processText(pid)) === text };
}

const runningPid = ({ pid, runs }: Holder): number | undefined => (runs ? pid : undefined);

/**
 * Removes a lock whose process has ended, perhaps with the machine. Of several that find it, one at a time may, as long as it has
 * another lock: else the second would remove what the first one has taken meanwhile.
 */
async function removeEnded(file: string, own: string): Promise<void> {
  const turn = `${file}.ended`;
  if (!(await createPrivateFile(turn, own))) {
    if (!(await holderOf(turn)).runs) await removePrivateFile(turn);
    return;
  }
  try {
    const { text, runs } = await holderOf(file);
    // One that says the same after its process has ended is let go by nobody else.
    if (!runs && (await holderOf(file)).text === text) await removePrivateFile(file);
  } finally {
    await removePrivateFile(turn);
  }
}

/** That a process has ended for which its parent has not asked yet, as the first one of many a container never does. */
const ENDED = ["Z", "X"];

/**
 * A process, as no other one ever is: after a reboot, or in a container that was started again, others soon have its number.
 * Where the system does not tell when it was started, its number alone; undefined when it is known to have ended.
 */
async function processText(pid: number): Promise<string | undefined> {
  const [boot, status] = await Promise.all([
    readText("/proc/sys/kernel/random/boot_id"),
    readText(`/proc/${pid}/stat`),
  ]);
  // The name of the program, which may have spaces, ends with the last parenthesis; the start is the 22nd field of all.
  const [state = "", ...rest] = status.slice(status.lastIndexOf(")") + 2).split(" ");
  return ENDED.includes(state) ? undefined : `${pid} ${boot.trim()} ${rest[18] ?? ""}\n`;
}

const readText = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists, but belongs to someone else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
