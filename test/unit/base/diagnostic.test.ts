import { describe, expect, test } from "vitest";
import {
  compareDiagnostics,
  type Diagnostic,
  formatDiagnostic,
} from "../../../src/base/diagnostic.js";

const diagnostic: Diagnostic = {
  severity: "error",
  code: "IST0101",
  message: 'referenced host not found: "reviews"',
  position: { file: "mesh/reviews.yaml", line: 14, column: 7 },
};

describe("a formatted diagnostic", () => {
  test("has the place, the severity, the code and the message", () => {
    expect(formatDiagnostic(diagnostic)).toBe(
      'mesh/reviews.yaml:14:7: error[IST0101]: referenced host not found: "reviews"',
    );
  });

  test("shows the source line with a caret under the column", () => {
    expect(formatDiagnostic({ ...diagnostic, sourceLine: "    - host: reviews" })).toBe(
      [formatDiagnostic(diagnostic), "        - host: reviews", "          ^"].join("\n"),
    );
  });

  test("keeps tabs before the caret, so that it stays under its column", () => {
    const lines = formatDiagnostic({ ...diagnostic, sourceLine: "\ta:\tb: c" }).split("\n");
    expect(lines.at(-1)).toBe("    \t  \t  ^");
  });

  test("has the caret under what is shown of control characters", () => {
    const lines = formatDiagnostic({
      ...diagnostic,
      position: { file: "a\n\u001b[2K.yaml", line: 1, column: 4 },
      sourceLine: "\u001b: b",
    }).split("\n");
    expect(lines).toEqual([
      'a\\n\\x1b[2K.yaml:1:4: error[IST0101]: referenced host not found: "reviews"',
      "    \\x1b: b",
      "          ^",
    ]);
  });

  test("has neither place nor caret when it is about no file", () => {
    const { position: _, ...nowhere } = diagnostic;
    expect(formatDiagnostic({ ...nowhere, severity: "note", sourceLine: "x" })).toBe(
      'note[IST0101]: referenced host not found: "reviews"',
    );
  });
});

describe("the order of diagnostics", () => {
  const at = (file: string, line: number, column: number): Diagnostic => ({
    ...diagnostic,
    position: { file, line, column },
  });

  test("is by file, line, column, code, message; those about no file come first", () => {
    const { position: _, ...nowhere } = diagnostic;
    const ordered: readonly Diagnostic[] = [
      nowhere,
      at("a.yaml", 2, 9),
      at("a.yaml", 10, 1),
      { ...at("b.yaml", 1, 1), code: "IST0001" },
      { ...at("b.yaml", 1, 1), message: "a" },
      { ...at("b.yaml", 1, 1), message: "b" },
      at("b.yaml", 1, 2),
    ];
    expect([...ordered].reverse().sort(compareDiagnostics)).toEqual(ordered);
  });

  test("is 0 for two of the same", () => {
    expect(compareDiagnostics(diagnostic, { ...diagnostic })).toBe(0);
  });
});
