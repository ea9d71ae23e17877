import type pc from "picocolors";
import { type Diagnostic, formatDiagnostic, type Severity } from "../../../base/diagnostic.js";
import { formatYaml } from "../../../config/yaml/format-yaml.js";

/** How findings are written: for people, or for programs. */
export type AnalysisFormat = "log" | "json" | "yaml";

type Colors = ReturnType<typeof pc.createColors>;

/** Istio's names of the levels. */
const LEVELS: Readonly<Record<Severity, string>> = {
  error: "Error",
  warning: "Warning",
  note: "Info",
};

/** Findings as they are written to the standard output; programs get a list also when there are none. */
export function formatAnalysis(
  diagnostics: readonly Diagnostic[],
  format: AnalysisFormat,
  colors: Colors,
): string {
  switch (format) {
    case "log":
      return diagnostics.map((one) => `${colored(one, colors)}\n`).join("");
    case "json":
      return `${JSON.stringify(diagnostics.map(messageOf), undefined, 2)}\n`;
    case "yaml":
      return formatYaml(diagnostics.map(messageOf));
  }
}

function colored(diagnostic: Diagnostic, colors: Colors): string {
  const { severity, code } = diagnostic;
  const paint = { error: colors.red, warning: colors.yellow, note: colors.cyan }[severity];
  const name = `${severity}[${code}]`;
  return formatDiagnostic(diagnostic).replace(name, () => paint(name));
}

/** A finding with istioctl's names of the fields. */
function messageOf({ severity, code, message, position, resource }: Diagnostic): object {
  return {
    code,
    level: LEVELS[severity],
    message,
    ...(resource === undefined ? {} : { origin: resource }),
    ...(position === undefined
      ? {}
      : { reference: `${position.file}:${position.line}:${position.column}` }),
    ...(code.startsWith("IST") ? { documentationUrl: documentationOf(code) } : {}),
  };
}

function documentationOf(code: string): string {
  return `https://istio.io/latest/docs/reference/config/analysis/${code.toLowerCase()}/`;
}
