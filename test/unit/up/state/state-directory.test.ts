import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openMadeDirectory } from "../../../../src/up/made/made-directory.js";
import { openSlotStore } from "../../../../src/up/pods/slot-store.js";
import { takeLock } from "../../../../src/up/state/process-lock.js";
import {
  boundLogs,
  openStateDirectory,
  setLogsAside,
} from "../../../../src/up/state/state-directory.js";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fairlead-state-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe("the state directory", () => {
  test("is for one process at a time", async () => {
    const first = await openStateDirectory(join(directory, "state"));
    await expect(openStateDirectory(join(directory, "state"))).rejects.toMatchObject({
      code: "already-running",
      message: `another fairlead up (process ${process.pid}) runs this directory`,
      hint: expect.stringContaining("--state"),
    });
    await first.release();
    const second = await openStateDirectory(join(directory, "state"));
    await second.release();
  });

  test.each([
    ["that was killed", "999999999\n"],
    ["whose number another one has by now", `${process.pid} before-the-reboot 1\n`],
  ])("is taken over from a process %s", async (_which, holder) => {
    const state = await openStateDirectory(join(directory, "state"));
    writeFileSync(join(state.path, "up.pid"), holder);
    const next = await openStateDirectory(join(directory, "state"));
    const own = readFileSync(join(state.path, "up.pid"), "utf8");
    expect(own).not.toBe(holder);
    expect(Number.parseInt(own, 10)).toBe(process.pid);
    await next.release();
    expect(existsSync(join(state.path, "up.pid"))).toBe(false);
  });
});

describe("a lock", () => {
  test("is taken over from a process that was killed, though its parent never asks what became of it", async () => {
    const file = join(directory, "lock");
    // The child of the shell becomes that of the program in its place, which knows of none.
    const parent = spawn("/bin/sh", ["-c", "sleep 60 & echo $!; exec sleep 60"]);
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(String(line));
      const status = (): string => readFileSync(`/proc/${pid}/stat`, "utf8");
      // The name, the state, and the 18 fields between that and the start.
      const [, started = ""] = /\) \S(?: \S+){18} (\d+)/.exec(status()) ?? [];
      const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
      writeFileSync(file, `${pid} ${boot} ${started}\n`, { mode: 0o600 });
      expect(await takeLock(file)).toBe(pid);

      process.kill(pid, "SIGKILL");
      await expect.poll(status).toContain(") Z ");
      expect(await takeLock(file)).toBeUndefined();
    } finally {
      parent.kill("SIGKILL");
    }
  });
});

describe("logs", () => {
  test("of the run before are set aside", async () => {
    writeFileSync(join(directory, "a.log"), "old");
    writeFileSync(join(directory, "a.log.1"), "older");
    await setLogsAside(directory);
    expect(readdirSync(directory)).toEqual(["a.log.1"]);
    expect(readFileSync(join(directory, "a.log.1"), "utf8")).toBe("old");
  });

  test("that grew too large are emptied, and what was in them is set aside", async () => {
    writeFileSync(join(directory, "large.log"), "0123456789");
    writeFileSync(join(directory, "small.log"), "01234");
    await boundLogs(directory, 9);
    expect(readFileSync(join(directory, "large.log"), "utf8")).toBe("");
    expect(readFileSync(join(directory, "large.log.1"), "utf8")).toBe("0123456789");
    expect(readFileSync(join(directory, "small.log"), "utf8")).toBe("01234");
  });
});

describe("the directory of made resources", () => {
  test("has the files that it was given last, and nothing of an earlier run", async () => {
    writeFileSync(join(directory, "old.json"), "{}");
    const made = await openMadeDirectory(directory);
    expect(readdirSync(directory)).toEqual([]);
    await made.set([
      { name: "a.json", text: "1" },
      { name: "b.json", text: "2" },
    ]);
    await made.set([{ name: "b.json", text: "3" }]);
    expect(readdirSync(directory)).toEqual(["b.json"]);
    expect(readFileSync(join(directory, "b.json"), "utf8")).toBe("3");
  });

  test("does not write again what is there already", async () => {
    const made = await openMadeDirectory(directory);
    await made.set([{ name: "a.json", text: "1" }]);
    writeFileSync(join(directory, "a.json"), "changed by someone");
    await made.set([{ name: "a.json", text: "1" }]);
    expect(readFileSync(join(directory, "a.json"), "utf8")).toBe("changed by someone");
  });
});

/** Of all of them. */
const TWO_SLOTS = { index: 0, of: 32_512 };

describe("slots", () => {
  test("are the same at the next start, also of those that were away", async () => {
    const file = join(directory, "addresses.json");
    const first = await openSlotStore(file, "one");
    const before = await first.assign("pods", ["a", "b"]);
    await first.assign("pods", ["a"]);
    const next = await openSlotStore(file, "another seed");
    expect(await next.assign("pods", ["b", "a"])).toEqual(before);
  });

  test.each(["b", "c"])(
    "stay with %s, which was given one that was free, when who had it before comes back",
    async (taker) => {
      const store = await openSlotStore(join(directory, "addresses.json"), "seed", TWO_SLOTS);
      await store.assign("pods", ["a"]);
      const slot = (await store.assign("pods", ["b", "c"])).get(taker);
      expect((await store.assign("pods", ["a", taker])).get(taker)).toBe(slot);
    },
  );

  test("are forgotten of those that went long ago", async () => {
    const file = join(directory, "addresses.json");
    const store = await openSlotStore(file, "seed");
    for (let i = 0; i < 1100; i += 50) {
      await store.assign("pods", ["stays", ...Array.from({ length: 50 }, (_, n) => `${i + n}-0`)]);
    }
    const { pods } = JSON.parse(readFileSync(file, "utf8")) as { readonly pods: object };
    expect(Object.keys(pods)).toHaveLength(1024 + 51);
    expect(pods).toMatchObject({ stays: expect.any(Number), "26-0": expect.any(Number) });
    expect(pods).not.toHaveProperty("0-0");
  });

  test("are made anew when their file is none", async () => {
    const file = join(directory, "addresses.json");
    writeFileSync(file, '{"pods": ["a"], "hosts": 7', { mode: 0o600 });
    const store = await openSlotStore(file, "seed");
    expect((await store.assign("hosts", ["a"])).size).toBe(1);
  });
});
