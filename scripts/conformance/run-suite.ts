import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome, Suite } from "./suite.js";

/** What came of the case `id`. */
export interface CaseResult extends Outcome {
  readonly id: string;
}

/** What came of all cases of a suite, in their order; `undefined` when the folder has no file for it. */
export async function runSuite(
  folder: string,
  suite: Suite,
): Promise<readonly CaseResult[] | undefined> {
  const text = await readIfThere(join(folder, `${suite.name}.json`));
  if (text === undefined) return undefined;
  const results: CaseResult[] = [];
  for (const [index, testCase] of casesOf(text).entries()) {
    results.push({ id: idOf(testCase, index), ...(await judge(suite, testCase)) });
  }
  return results;
}

/** A line for the suite and, when `isVerbose`, lines for each case that failed. */
export function formatResults(
  { name }: Suite,
  results: readonly CaseResult[] | undefined,
  isVerbose: boolean,
): readonly string[] {
  if (results === undefined) return [`${name}: skipped, there is no ${name}.json`];
  const failed = results.filter(({ passed }) => !passed);
  const passed = results.length - failed.length;
  const line = `${name}: ${String(passed)} passed, ${String(failed.length)} failed`;
  return isVerbose ? [...failed.flatMap((result) => formatFailure(name, result)), line] : [line];
}

function formatFailure(suite: string, { id, got, expected }: CaseResult): readonly string[] {
  return [`${suite} ${id}`, `  expected: ${indented(expected)}`, `  got:      ${indented(got)}`];
}

function indented(text: string): string {
  return text.replaceAll("\n", "\n            ");
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** A file that is no table at all is one case, which fails. */
function casesOf(text: string): readonly unknown[] {
  const table = parse(text);
  if (Array.isArray(table)) return table;
  const cases = typeof table === "object" && table !== null && "cases" in table && table.cases;
  return Array.isArray(cases) ? cases : [table];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function idOf(testCase: unknown, index: number): string {
  const id = typeof testCase === "object" && testCase !== null && "id" in testCase && testCase.id;
  return typeof id === "string" ? id : `#${String(index + 1)}`;
}

async function judge(suite: Suite, testCase: unknown): Promise<Outcome> {
  try {
    return await suite.run(testCase);
  } catch (error) {
    const got = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { passed: false, got, expected: "no exception" };
  }
}
