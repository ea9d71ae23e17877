import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";

// Each child holds one of the program's outputs open, so that its end is seen.
const PROGRAM = `
  import { spawn } from "node:child_process";
  import { startReaper } from ${JSON.stringify(join(import.meta.dirname, "../../../../src/up/envoy/reaper.ts"))};
  const start = (stdio) => spawn("sleep", ["60"], { detached: true, stdio }).pid;
  const watched = start(["ignore", "inherit", "ignore"]);
  const unwatched = start(["ignore", "ignore", "inherit"]);
  const reaper = startReaper();
  reaper.watch([watched, unwatched]);
  reaper.watch([watched]);
  console.log([watched, unwatched].join(" "));
  if (process.argv[2] === "close") { reaper.close(); process.exit(0); }
`;

interface Children {
  readonly watched: number;
  readonly unwatched: number;
  /** Resolves when the watched child, too, has ended. */
  readonly watchedEnded: Promise<unknown>;
}

/** Runs a program with two children, one of them watched, and kills it the hard way unless it ends by itself. */
async function run(argument: "close" | "wait"): Promise<Children> {
  const options = [
    "--import",
    "tsx",
    "--input-type=module",
    "--eval",
    PROGRAM,
    "program",
    argument,
  ];
  const program = spawn(process.execPath, options, { stdio: ["ignore", "pipe", "pipe"] });
  const watchedEnded = once(program.stdout, "close");
  const [line] = (await once(createInterface(program.stdout), "line")) as [string];
  const [watched = 0, unwatched = 0] = line.split(" ").map(Number);
  const exited = once(program, "exit");
  if (argument === "wait") program.kill("SIGKILL");
  await exited;
  return { watched, unwatched, watchedEnded };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("ends the watched children of a process that was killed, and no others", async () => {
  const { unwatched, watchedEnded } = await run("wait");
  await watchedEnded;
  expect(isRunning(unwatched)).toBe(true);
  process.kill(unwatched);
});

test("leaves the children alone once it is closed", async () => {
  const { watched, unwatched, watchedEnded } = await run("close");
  const ended = await Promise.race([watchedEnded.then(() => true), delay(300, false)]);
  expect(ended).toBe(false);
  process.kill(watched);
  process.kill(unwatched);
});
