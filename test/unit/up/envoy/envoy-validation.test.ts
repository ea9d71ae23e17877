/** What comes of an Envoy that is asked about a configuration, and what is left of that. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { MESSAGE } from "../../../../src/envoy/resource/message-types.js";
import { refusalOf } from "../../../../src/up/envoy/envoy-validation.js";

vi.setConfig({ testTimeout: 60_000 });

const BINARY = join(import.meta.dirname, "fake-validator.js");

/** What the stand-in was given. */
interface Given {
  readonly pid: number;
  readonly directory: string;
  readonly files: readonly (readonly [name: string, mode: string])[];
  readonly cluster: object;
  /** The names of the variables of its environment. */
  readonly names: readonly string[];
}

/** Asks a stand-in that does this. */
async function ask(doing: string, more: object = {}) {
  const root = await mkdtemp(join(tmpdir(), "fairlead-validator-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const altStatName = join(root, "given.json");
  const stopping = new AbortController();
  const resource = { type: MESSAGE.cluster, json: { name: doing, altStatName, ...more } };
  return {
    said: refusalOf(BINARY, [resource], stopping.signal),
    stop: () => {
      stopping.abort();
    },
    hasBegun: () => existsSync(altStatName),
    given: () => JSON.parse(readFileSync(altStatName, "utf8")) as Given,
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("an Envoy that takes the configuration says nothing, and nothing is left of it", async () => {
  const { said, given } = await ask("takes");
  expect(await said).toBeUndefined();
  expect(existsSync(given().directory)).toBe(false);
});

test("the words of one that refuses it are all that is told of its log", async () => {
  const { said, given } = await ask("refuses");
  expect(await said).toBe("no such thing");
  expect(existsSync(given().directory)).toBe(false);
});

test("one that crashes of it refuses it", async () => {
  const { said, given } = await ask("crashes");
  expect(await said).toBe("it crashes (SIGFPE)");
  expect(existsSync(given().directory)).toBe(false);
});

test.for([
  ["fails", "Envoy ended with code 1", "cannot map memory"],
  ["dies", "Envoy was ended by SIGKILL", "it wrote nothing"],
] as const)("one that %s for another reason has refused nothing", async ([doing, how, hint]) => {
  const { said, given } = await ask(doing);
  const message = expect.stringContaining(`is not known: ${how}`) as string;
  await expect(said).rejects.toMatchObject({ message, hint });
  expect(existsSync(given().directory)).toBe(false);
});

test("one that is not waited for any more is ended, and nothing is left of it", async () => {
  const { said, stop, hasBegun, given } = await ask("hangs");
  const ended = expect(said).rejects.toMatchObject({ name: "AbortError" });
  await expect.poll(hasBegun, { timeout: 30_000 }).toBe(true);
  stop();
  await ended;
  const { pid, directory } = given();
  await expect.poll(() => isRunning(pid), { timeout: 30_000 }).toBe(false);
  expect(existsSync(directory)).toBe(false);
});

test("what it is asked about is for nobody else, and it is told nothing else", async () => {
  vi.stubEnv("FAIRLEAD_SECRET", "x");
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { said, given } = await ask("takes");
  await said;
  const { files, names } = given();
  expect(Object.fromEntries(files)).toEqual({
    "envoy.json": "600",
    "envoy.log": "600",
    "secrets.json": "600",
    certificates: "700",
  });
  expect(names).not.toContain("FAIRLEAD_SECRET");
});

test("it is asked about what is written, whatever a field of it is called", async () => {
  const metadata = { filterMetadata: { labels: { toString: "a", constructor: "b" } } };
  const { said, given } = await ask("takes", { metadata });
  await said;
  expect(given().cluster).toMatchObject({ metadata });
});
