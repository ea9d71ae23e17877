import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removePrivateFile } from "../../../../src/ca/private-file.js";
import { takeLock } from "../../../../src/up/state/process-lock.js";
import { temporaryDirectory } from "../../ca/temporary-directory.js";

const ENDED = "999999999 a-boot 1\n";

test("a lock is taken by one, and again when it was given back", async () => {
  const file = join(await temporaryDirectory(), "lock");
  expect(await takeLock(file)).toBeUndefined();
  expect(await takeLock(file)).toBe(process.pid);
  await removePrivateFile(file);
  expect(await takeLock(file)).toBeUndefined();
});

test("of many that find the lock of a process that has ended, one takes it", async () => {
  for (let round = 0; round < 20; round++) {
    const directory = await temporaryDirectory();
    const file = join(directory, "lock");
    await writeFile(file, ENDED, { mode: 0o600 });
    const late = async (looks: number): Promise<number | undefined> => {
      for (let look = 0; look < looks; look++) await stat(file).catch(() => undefined);
      return takeLock(file);
    };
    const taken = await Promise.all(Array.from({ length: 16 }, (_, looks) => late(looks)));
    expect(taken.filter((holder) => holder === undefined)).toHaveLength(1);
    expect(await readdir(directory)).toEqual(["lock"]);
  }
});

test("it is taken also where one has ended that was about to remove it", async () => {
  const directory = await temporaryDirectory();
  const file = join(directory, "lock");
  await writeFile(file, ENDED, { mode: 0o600 });
  await writeFile(`${file}.ended`, ENDED, { mode: 0o600 });
  expect(await takeLock(file)).toBeUndefined();
  expect(await readdir(directory)).toEqual(["lock"]);
});
