import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTokenFile } from "../../../src/agent/token-file.js";
import { temporaryDirectory } from "../ca/temporary-directory.js";

const newFile = async (): Promise<string> => join(await temporaryDirectory(), "token");

test("the token is what the file says at each reading, without the line's end", async () => {
  const path = await newFile();
  const file = openTokenFile(path);
  await writeFile(path, "one\n");
  expect((await file.read()).reveal()).toBe("one");
  await writeFile(path, "another\n");
  expect((await file.read()).reveal()).toBe("another");
});

test("a file that is not there yet is named", async () => {
  const path = await newFile();
  await expect(openTokenFile(path).read()).rejects.toThrow(path);
});

test.each(["", "two words", "one\ntwo", "ü"])("%j is no token", async (text) => {
  const path = await newFile();
  await writeFile(path, text);
  await expect(openTokenFile(path).read()).rejects.toThrow("does not have one token");
});

test("a new file ends the wait for one, also where there was none", async () => {
  const path = await newFile();
  const file = openTokenFile(path);
  const { signal } = new AbortController();
  const waits: Promise<void>[] = [
    file.read().then(
      () => undefined,
      () => undefined,
    ),
  ];
  await waits[0];
  const changed = file.changed(signal);
  await writeFile(path, "one");
  await changed;
  await file.read();
  await rm(path);
  await file.changed(signal);
  expect(signal.aborted).toBe(false);
});

test("nobody waits on when it is to end", async () => {
  const path = await newFile();
  const controller = new AbortController();
  const changed = openTokenFile(path).changed(controller.signal);
  controller.abort();
  await expect(changed).resolves.toBeUndefined();
});
