import type { Finding, Path } from "../../kind.js";
import { notApplied } from "../value/unapplied.js";

/** Of the annotations by which Istio's injector says which connections of a pod are captured. */
const PREFIX = "traffic.sidecar.istio.io/";
const INSTEAD = "nothing is captured in mode NONE, and else what the rules of the machine capture";

/** Warns of annotations of a pod about what is captured: the rules for that are those of its machine. */
export function captureFindings(
  annotations: Readonly<Record<string, string>>,
  path: Path,
): readonly Finding[] {
  return Object.keys(annotations)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => notApplied([...path, name], `the annotation ${name} (${INSTEAD})`));
}
