import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compiledPath, loadScript } from "../../../../src/cli/long-running/script.js";

const TEXT = `(function (exports, require, module, path) {
  exports.path = path;
  exports.join = require("node:path").join;
  exports.beside = () => require("./beside.cjs");
})`;

async function scriptFile(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "fairlead-script-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, "beside.cjs"), "module.exports = 'beside';");
  const path = join(directory, "program.script.js");
  await writeFile(path, text);
  return path;
}

interface Exports {
  readonly path: string;
  readonly join: typeof join;
  readonly beside: () => string;
}

test("a script exports what it says, and requires modules of Node and files beside it", async () => {
  const path = await scriptFile(TEXT);
  const { exports } = loadScript<Exports>(path);
  expect(exports.path).toBe(path);
  expect(exports.join).toBe(join);
  expect(exports.beside()).toBe("beside");
});

test("a script that sets module.exports exports that", async () => {
  const path = await scriptFile("(function (exports, require, module) { module.exports = 7; })");
  expect(loadScript<number>(path).exports).toBe(7);
});

test("a script runs with its compiled code", async () => {
  const path = await scriptFile(TEXT);
  await writeFile(compiledPath(path), loadScript(path).compiled());
  expect(loadScript<Exports>(path).exports.beside()).toBe("beside");
});

test("a script runs whose compiled code is damaged, or that of another one", async () => {
  const other = await scriptFile("(function (exports) { exports.path = 'another'; })");
  const path = await scriptFile(TEXT);
  await writeFile(compiledPath(path), loadScript(other).compiled());
  expect(loadScript<Exports>(path).exports.path).toBe(path);
  await writeFile(compiledPath(path), "no code");
  expect(loadScript<Exports>(path).exports.path).toBe(path);
});

test("of a script that is not there Node says so", () => {
  expect(() => loadScript("/no/such.script.js")).toThrow("ENOENT");
});
