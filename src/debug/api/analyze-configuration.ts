/** What Istio's analyzers find in the configuration of a control plane that runs. */

import type {
  AnalyzeRequestJson,
  DiagnosticsJson,
} from "../../../gen/types/fairlead/debug/v1/debug_pb.js";
import { analyze } from "../../analysis/analyze.js";
import type { Analyzer } from "../../analysis/analyzer.js";
import { ANALYZERS } from "../../analysis/analyzers.js";
import { DEFAULT_GATEWAY_FILE } from "../../analysis/default-gateway.js";
import { parseOffline } from "../../config/parse-offline.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { CallRefused } from "../../grpc/call-refused.js";
import { status } from "../../grpc/status-code.js";
import { describeDiagnostics } from "./describe-diagnostics.js";

/**
 * Looks at all that files have, so the cost is that of all of it, for each call. An ingress gateway is taken for there, as
 * where files are analyzed: proxies come and go without being declared.
 * @throws CallRefused when there is no analyzer of a name
 */
export function analyzeConfiguration(
  { tables, diagnostics, written }: Pick<ConfigSnapshot, "tables" | "diagnostics" | "written">,
  { analyzers = [] }: AnalyzeRequestJson,
  now: Date,
): DiagnosticsJson {
  const gateway = parseOffline([DEFAULT_GATEWAY_FILE]).written();
  const found = analyze(
    { tables, diagnostics, written: () => [...written(), ...gateway] },
    { ...(analyzers.length === 0 ? {} : { analyzers: analyzers.map(analyzerOf) }), now },
  );
  // What is only taken for there is not the user's to mend.
  return describeDiagnostics(
    found.filter(({ position }) => position?.file !== DEFAULT_GATEWAY_FILE.path),
  );
}

function analyzerOf(name: string): Analyzer {
  const analyzer = ANALYZERS.find((one) => one.name === name);
  if (analyzer !== undefined) return analyzer;
  throw new CallRefused(status.INVALID_ARGUMENT, `there is no analyzer ${name}`);
}
