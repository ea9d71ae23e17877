/** What a user got wrong, as a value: collected, sorted and shown, never thrown. */
import { compareText } from "./text/compare-text.js";
import { visibleText } from "./text/visible-text.js";

/** How bad it is: an error keeps the resource from taking effect, a warning and a note do not. */
export type Severity = "error" | "warning" | "note";

/** A place in a configuration file. */
export interface Position {
  /** The file's path as the user would write it: below the configuration directory, with that directory's name. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 code units. */
  readonly column: number;
}

/** One finding. */
export interface Diagnostic {
  readonly severity: Severity;
  /** Istio's code where Istio has one (`IST0101`), else a word of ours (`unknown-field`). */
  readonly code: string;
  /** What is wrong, what was found, what would be right; lower case, no full stop. */
  readonly message: string;
  /** Where; absent when it is about no file. */
  readonly position?: Position;
  /** The line of the file at `position`, for the caret. */
  readonly sourceLine?: string;
  /** The resource that it is about: `Kind name.namespace`. */
  readonly resource?: string;
}

const NOWHERE: Position = { file: "", line: 0, column: 0 };

/** By file, line, column, then code: the order in which diagnostics are shown; those about no file come first. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  const placeA = a.position ?? NOWHERE;
  const placeB = b.position ?? NOWHERE;
  return (
    compareText(placeA.file, placeB.file) ||
    placeA.line - placeB.line ||
    placeA.column - placeB.column ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

/** A diagnostic as people read it: see `diagnosticLines`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  return diagnosticLines(diagnostic).join("\n");
}

/**
 * A diagnostic as people read it: `file:line:column: severity[code]: message`, then the source line and a caret under
 * the column. What files and their names say in control characters is visible.
 */
export function diagnosticLines(diagnostic: Diagnostic): readonly string[] {
  const { position, severity, code, message, sourceLine } = diagnostic;
  const place =
    position === undefined
      ? ""
      : `${position.file}:${String(position.line)}:${String(position.column)}: `;
  const head = visibleText(`${place}${severity}[${code}]: ${message}`);
  if (sourceLine === undefined || position === undefined) return [head];
  // A caret under a tab has to be behind the same tab.
  const indent = visibleText(sourceLine.slice(0, position.column - 1)).replace(/[^\t]/g, " ");
  return [head, `    ${visibleText(sourceLine)}`, `    ${indent}^`];
}
