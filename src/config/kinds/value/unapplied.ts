import type { Finding, Path } from "../../kind.js";

/** That something of Istio's API is read and checked, and has no effect here: better said than found out. */
export function notApplied(path: Path, what: string): Finding {
  return {
    path,
    code: "not-applied",
    message: `${what} has no effect in fairlead`,
    severity: "warning",
  };
}
