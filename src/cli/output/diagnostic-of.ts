import type { DiagnosticJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { Diagnostic, Severity } from "../../base/diagnostic.js";

const SEVERITIES: Readonly<Partial<Record<string, Severity>>> = {
  error: "error",
  warning: "warning",
};

/** A finding as the debug API tells it; one of a level that is not known is a note. */
export function diagnosticOf({
  severity = "",
  code = "",
  message = "",
  file = "",
  line = 0,
  column = 0,
  ...more
}: DiagnosticJson): Diagnostic {
  return {
    severity: SEVERITIES[severity] ?? "note",
    code,
    message,
    ...(file === "" ? {} : { position: { file, line, column } }),
    ...more,
  };
}
