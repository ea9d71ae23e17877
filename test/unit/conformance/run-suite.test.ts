import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Type from "typebox";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatResults, runSuite } from "../../../scripts/conformance/run-suite.js";
import { defineSuite } from "../../../scripts/conformance/suite.js";
import { validation } from "../../../scripts/conformance/validation.js";

const fields = Type.Object({ number: Type.Number() });
const even = defineSuite("even", fields, ({ number }) => {
  if (number > 100) throw new Error("too many");
  return { passed: number % 2 === 0, got: String(number), expected: "an even number" };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-conformance-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function linesOf(text: string, isVerbose = false): Promise<readonly string[]> {
  writeFileSync(join(folder, "even.json"), text);
  return formatResults(even, await runSuite(folder, even), isVerbose);
}

describe("a conformance suite", () => {
  it("counts what passed and what failed", async () => {
    const cases = [{ number: 2 }, { number: 3 }, { number: 4 }];
    expect(await linesOf(JSON.stringify(cases))).toEqual(["even: 2 passed, 1 failed"]);
    expect(await linesOf(JSON.stringify({ cases }))).toEqual(["even: 2 passed, 1 failed"]);
  });

  it("shows each failure by its id, with what came and what should have", async () => {
    const cases = [{ number: 2 }, { id: "e2", number: 3 }];
    expect(await linesOf(JSON.stringify(cases), true)).toEqual([
      "even e2",
      "  expected: an even number",
      "  got:      3",
      "even: 1 passed, 1 failed",
    ]);
  });

  it("takes a broken case for a failure", async () => {
    const lines = await linesOf(JSON.stringify([{ number: 101 }, { name: "x" }, 7]), true);
    expect(lines).toContainEqual(expect.stringContaining("Error: too many"));
    expect(lines).toContainEqual(expect.stringContaining("not a case"));
    expect(lines.at(-1)).toBe("even: 0 passed, 3 failed");
  });

  it("takes a file that is no table for a failure", async () => {
    expect(await linesOf("[{")).toEqual(["even: 0 passed, 1 failed"]);
  });

  it("is skipped when the folder has no file for it", async () => {
    expect(formatResults(even, await runSuite(folder, even), true)).toEqual([
      "even: skipped, there is no even.json",
    ]);
  });
});

describe("the suite of validation", () => {
  it.each([
    ["spec: {}", true],
    ["spec: {selector: {matchLabels: {app: '*'}}}", false],
    ["spec: [", false],
  ])("judges %s by whether there are errors", async (spec, valid) => {
    const yaml = `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a}\n${spec}`;
    expect(await validation.run({ yaml, valid })).toMatchObject({ passed: true });
    expect(await validation.run({ yaml, valid: !valid })).toMatchObject({ passed: false });
  });
});
