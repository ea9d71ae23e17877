import { mkdir, readFile, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCertifiedUntil } from "../../../../src/ca/authority/certified-until.js";
import { temporaryDirectory } from "../temporary-directory.js";

const SLACK = 100;

async function newState(): Promise<{ readonly state: string; readonly file: string }> {
  const state = await temporaryDirectory();
  await mkdir(join(state, "ca"), { mode: 0o700 });
  return { state, file: join(state, "ca", "certified.json") };
}

test("who never gave an agent a certificate waits for none", async () => {
  const { state } = await newState();
  expect((await openCertifiedUntil(state, SLACK)).time()).toBe(0);
});

test("is never earlier than the last certificate ends, also after a restart", async () => {
  const { state } = await newState();
  const before = await openCertifiedUntil(state, SLACK);
  for (const notAfter of [1000, 1050, 900, 1500]) await before.extend(notAfter);
  expect(before.time()).toBe(1500 + SLACK);
  expect((await openCertifiedUntil(state, SLACK)).time()).toBe(1500 + SLACK);
});

test("is never earlier than the last certificate ends, though many are given at the same time", async () => {
  const { state } = await newState();
  const before = await openCertifiedUntil(state, SLACK);
  const ends = Array.from({ length: 20 }, (_, i) => 20_000 - 1000 * i);
  await Promise.all(ends.map(before.extend));
  expect(before.time()).toBe(20_000 + SLACK);
  expect((await openCertifiedUntil(state, SLACK)).time()).toBe(20_000 + SLACK);
});

test("one that could not be written is no reason not to write the next", async () => {
  const { state, file } = await newState();
  const before = await openCertifiedUntil(state, SLACK);
  await mkdir(file);
  await expect(before.extend(1000)).rejects.toThrow("cannot be used");
  expect(before.time()).toBe(0);
  await rmdir(file);
  await before.extend(1000);
  expect((await openCertifiedUntil(state, SLACK)).time()).toBe(1000 + SLACK);
});

test("is not written for each certificate", async () => {
  const { state, file } = await newState();
  const until = await openCertifiedUntil(state, SLACK);
  await until.extend(1000);
  const { ino } = await stat(file);
  await until.extend(1000 + SLACK);
  expect((await stat(file)).ino).toBe(ino);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ until: 1000 + SLACK });
});

test("a file that is something else is refused, with what to do", async () => {
  const { state, file } = await newState();
  await writeFile(file, '{"until":"soon"}', { mode: 0o600 });
  await expect(openCertifiedUntil(state, SLACK)).rejects.toThrow(
    /certified\.json: is not what was written; remove it if no agent/,
  );
});
