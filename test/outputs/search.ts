/** Searches all that was noted of what programs wrote in the tests: no private key or token is in it. */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Vitest } from "vitest/node";
import type { AfterRun } from "../../scripts/summary-reporter.js";
import { SOURCE_MARK } from "./note-output.js";
import { secretsIn } from "./secrets-in.js";

/** Gives the tests of a run a place for outputs, and searches it when they are over. */
export function searchOutputs(): AfterRun {
  const directory = join(tmpdir(), `fairlead-outputs-${randomUUID()}`);
  return {
    start: (vitest: Vitest) => {
      vitest.provide("outputs", directory);
    },
    problems: () => {
      const names = existsSync(directory) ? readdirSync(directory) : [];
      const found = names.flatMap((name) => leaksIn(readFileSync(join(directory, name), "utf8")));
      rmSync(directory, { recursive: true, force: true });
      return [...new Set(found)];
    },
  };
}

/** What is in noted outputs that must not be, with what wrote it. */
export function leaksIn(text: string): readonly string[] {
  return secretsIn(text).map(
    ({ kind, offset }) => `a ${kind} was written: ${sourceAt(text, offset)}`,
  );
}

function sourceAt(text: string, offset: number): string {
  const start = text.lastIndexOf(SOURCE_MARK, offset) + SOURCE_MARK.length;
  return text.slice(start, text.indexOf("\n", start));
}
