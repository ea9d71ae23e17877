/** Files that say which process has something for itself. */
import { readFile } from "node:fs/promises";
import { createPrivateFile, readPrivateFile, removePrivateFile } from "../ca/private-file.js";

/**
 * Takes a lock for this process; the number of the process that has it when that still runs, undefined when it was taken.
 * `removePrivateFile` gives it back.
 * @throws StateFileError when the file cannot be read or written, or is another user's
 */
export async function takeLock(file: string): Promise<number | undefined> {
  const own = await processText(process.pid);
  while (!(await createPrivateFile(file, own))) {
    const holder = (await readPrivateFile(file))?.toString("utf8") ?? "";
    const pid = Number.parseInt(holder, 10);
    if (isRunning(pid) && (await processText(pid)) === holder) return pid;
    // Its process has ended, perhaps with the machine.
    await removePrivateFile(file);
  }
  return undefined;
}

/**
 * A process, as no other one ever is: after a reboot, or in a container that was started again, others soon have its number.
 * Where the system does not tell when it was started, its number alone.
 */
async function processText(pid: number): Promise<string> {
  const [boot, status] = await Promise.all([
    readText("/proc/sys/kernel/random/boot_id"),
    readText(`/proc/${pid}/stat`),
  ]);
  // The name of the program, which may have spaces, ends with the last parenthesis; the start is the 22nd field of all.
  const started = status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  return `${pid} ${boot.trim()} ${started}\n`;
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
