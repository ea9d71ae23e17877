/** How an agent runs the command of a probe. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "../../../src/agent/run-command.js";
import { temporaryDirectory } from "../ca/temporary-directory.js";

const LONG_MS = 20_000;
const live = (): AbortSignal => new AbortController().signal;

const runScript = (script: string, timeoutMs = LONG_MS, signal = live()) =>
  runCommand([process.execPath, "-e", script], { timeoutMs, signal });

/** Waits until a process is gone, of which the number is in a file. */
async function isGone(file: string): Promise<void> {
  const pid = Number(await readFile(file, "utf8"));
  const state = async (): Promise<string> =>
    await readFile(`/proc/${pid}/stat`, "utf8").then(
      (stat) => (stat.includes(") Z ") ? "gone" : "there"),
      () => "gone",
    );
  await expect.poll(state, { timeout: LONG_MS }).toBe("gone");
}

/** Starts a process of its own, writes its number into a file, and goes on for long. */
const withChild = (file: string, then: string): string => `
  const child = require("node:child_process").spawn("sleep", ["600"], { stdio: "ignore" });
  require("node:fs").writeFileSync(${JSON.stringify(file)}, String(child.pid));
  ${then}`;

test("a command that ends with 0 has passed, and no other", async () => {
  expect(await runScript("")).toEqual({ kind: "passed" });
  expect(await runScript("process.exit(3)")).toEqual({
    kind: "failed",
    reason: "it ended with 3",
  });
  expect(await runScript("process.kill(process.pid, 'SIGTERM')")).toEqual({
    kind: "failed",
    reason: "it ended with SIGTERM",
  });
});

test("a command that there is not has failed, and says so", async () => {
  const outcome = await runCommand(["/nowhere/check"], { timeoutMs: LONG_MS, signal: live() });
  expect(outcome).toEqual({ kind: "failed", reason: expect.stringContaining("ENOENT") as string });
});

test.each([
  ["with a character that no command can have", "a\0b", "null bytes"],
  ["that are longer than any command may be", "x".repeat(1 << 22), "E2BIG"],
])("a command of words %s has failed, and says so", async (_what, word, reason) => {
  const command = [process.execPath, "-e", "", word];
  const outcome = await runCommand(command, { timeoutMs: LONG_MS, signal: live() });
  expect(outcome).toEqual({ kind: "failed", reason: expect.stringContaining(reason) as string });
});

test("words are given as they are, to no shell", async () => {
  const script = "process.exit(process.argv[1] === '$(exit 1); a \"b\" *' ? 0 : 1)";
  const command = [process.execPath, "-e", script, '$(exit 1); a "b" *'];
  expect(await runCommand(command, { timeoutMs: LONG_MS, signal: live() })).toEqual({
    kind: "passed",
  });
});

test("however much it writes, it is not held up", async () => {
  const script = "require('node:fs').writeSync(1, Buffer.alloc(1 << 22)); process.exit(0)";
  expect(await runScript(script)).toEqual({ kind: "passed" });
});

test("a command that takes too long is killed with what it started", async () => {
  const file = join(await temporaryDirectory(), "pid");
  // As long as a slow machine needs to start two programs.
  const outcome = await runScript(withChild(file, "setInterval(() => {}, 1000)"), 3000);
  expect(outcome).toEqual({ kind: "late", reason: "it did not end within 3 s" });
  await isGone(file);
});

test("a command leaves nothing running when it has ended", async () => {
  const file = join(await temporaryDirectory(), "pid");
  expect(await runScript(withChild(file, "process.exit(0)"))).toEqual({ kind: "passed" });
  await isGone(file);
});

test("a command does not outlast who runs it", async () => {
  const stop = new AbortController();
  const outcome = runScript("setInterval(() => {}, 1000)", LONG_MS, stop.signal);
  stop.abort();
  expect(await outcome).toEqual({ kind: "failed", reason: "it ended with SIGKILL" });
});
