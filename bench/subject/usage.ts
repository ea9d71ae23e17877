/** What a process has used, from Linux' /proc. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** Memory of a process, in MiB. */
export interface Memory {
  readonly rss: number;
  /** The highest since resetPeak. */
  readonly peak: number;
}

/** The CPU time in a /proc/PID/task/TID/schedstat, in milliseconds. */
export function cpuOfSchedstat(text: string): number {
  return Number(text.split(" ", 1)[0]) / 1e6;
}

/** The memory in a /proc/PID/status. */
export function memoryOfStatus(text: string): Memory {
  const mebibytes = (field: string): number => {
    const [, kibibytes = "0"] = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text) ?? [];
    return Number(kibibytes) / 1024;
  };
  return { rss: mebibytes("VmRSS"), peak: mebibytes("VmHWM") };
}

/** The CPU time of all threads of a process that runs, in milliseconds. The ticks of /proc/PID/stat are too coarse. */
export async function cpuOf(pid: number): Promise<number> {
  const tasks = `/proc/${pid}/task`;
  const texts = await Promise.all(
    (await readdir(tasks)).map((task) =>
      // A thread may have ended since.
      readFile(`${tasks}/${task}/schedstat`, "utf8").catch(() => "0"),
    ),
  );
  return texts.reduce((sum, text) => sum + cpuOfSchedstat(text), 0);
}

/** The memory of a process that runs. */
export async function memoryOf(pid: number): Promise<Memory> {
  return memoryOfStatus(await readFile(`/proc/${pid}/status`, "utf8"));
}

/** From now on the peak of a process is counted anew. */
export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, "5");
}

const QUIET_MS = 500;
/** A process that does less than this in the time above is quiet: what is left is its clock. */
const IDLE_CPU_MS = 15;
const PATIENCE = 60;

/** Waits until a process does nothing much, so that what it does late is counted too; 30 seconds at most. */
export async function quiet(pid: number): Promise<void> {
  for (let look = 0; look < PATIENCE; look++) {
    const before = await cpuOf(pid);
    await sleep(QUIET_MS);
    if ((await cpuOf(pid)) - before < IDLE_CPU_MS) return;
  }
}
