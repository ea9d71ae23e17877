/** A vitest reporter that ends every run with the skipped tests, why they were, and one plain line of counts. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

/** Files and suites that broke outside of a test: a file that does not load, a hook that throws. */
function countBroken(module: TestModule): number {
  const suites = [...module.children.allSuites()];
  return [module, ...suites].filter((node) => node.errors().length > 0).length;
}

function describeSkipped(test: TestCase): string {
  const result = test.result();
  const note = result.state === "skipped" ? result.note : undefined;
  const reason = note === undefined || note === "" ? "" : ` (${note})`;
  return `skipped: ${test.module.relativeModuleId} > ${test.fullName}${reason}`;
}

function count(modules: readonly TestModule[], unhandledErrors: number): Counts {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const inState = (state: string): TestCase[] =>
    tests.filter((test) => test.result().state === state);
  const broken = modules.reduce((sum, module) => sum + countBroken(module), 0);
  return {
    passed: inState("passed").length,
    // A test that never got a result is not known to work.
    failed: inState("failed").length + inState("pending").length + broken + unhandledErrors,
    skipped: inState("skipped").map(describeSkipped),
  };
}

/** What is looked at when all tests are over. */
export interface AfterRun {
  /** Before the tests. */
  readonly start: (vitest: Vitest) => void;
  /** What is wrong; each counts as a failed test. */
  readonly problems: () => readonly string[];
}

/** The reporter; `file` gets the line of counts as well, for those who read it after the run. */
export function summaryReporter(file: string, after: AfterRun): Reporter {
  return {
    onInit(vitest) {
      after.start(vitest);
    },
    onTestRunEnd(modules, unhandledErrors) {
      const { passed, failed, skipped } = count(modules, unhandledErrors.length);
      const problems = after.problems();
      if (problems.length > 0) process.exitCode = 1;
      const line = `${passed} passed, ${failed + problems.length} failed`;
      process.stdout.write([...skipped, ...problems, line, ""].join("\n"));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${line}\n`);
    },
  };
}
