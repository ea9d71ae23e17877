import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../ca/temporary-directory.js";

const PROGRAM = fileURLToPath(new URL("./envoy-output-process.ts", import.meta.url));

/** What a program wrote whose output is a socket, as Node's pipes are, and what its child wrote to /dev/stdout by name. */
async function outputOf(directory: string, command: readonly string[]): Promise<string> {
  const [file = "", ...args] = command;
  const child = spawn(file, [...args, directory], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return said;
}

const TSX = ["node_modules/.bin/tsx", PROGRAM];

test("what is written to an output that nobody can open by its name goes through a pipe, all of it", async () => {
  const directory = await temporaryDirectory();
  const said = await outputOf(directory, TSX);
  expect(said).toBe(`${"x".repeat(100_000)}\nby name\nto stderr\npiped 600\n`);
  expect(await readdir(directory)).toEqual([]);
});

test("an output that can be opened is left as it is", async () => {
  const directory = await temporaryDirectory();
  // What a shell puts between two commands is a pipe, which has a name.
  const said = await outputOf(directory, ["sh", "-c", `${TSX.join(" ")} "$0" 2>&1 | cat`]);
  expect(said).toContain("by name\n");
  expect(said).toContain("as it is\n");
  expect(await stat(join(directory, "envoy-output")).catch(() => "none")).toBe("none");
});
