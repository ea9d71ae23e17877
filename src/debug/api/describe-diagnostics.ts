import type {
  DiagnosticJson,
  DiagnosticsJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import type { Diagnostic } from "../../base/diagnostic.js";

function describe({ position, ...diagnostic }: Diagnostic): DiagnosticJson {
  return { ...diagnostic, ...position };
}

/** What is wrong with the configuration, as the debug API tells it. */
export function describeDiagnostics(diagnostics: readonly Diagnostic[]): DiagnosticsJson {
  return { diagnostics: diagnostics.map(describe) };
}
