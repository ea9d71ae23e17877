import type { Path } from "../../../kind.js";
import { portNameProblem } from "../../value/addresses.js";
import { oneOf, optional, strict, Text, Uint32, type ValueOf } from "../../value/fields.js";
import { type Findings, invalid, refuse } from "../../value/findings.js";
import { protocolProblem } from "../../value/protocols.js";

/** A port that a sidecar listens on. */
export type SidecarPort = ValueOf<typeof SidecarPort>;
export const SidecarPort = strict({
  /** 0 for a Unix domain socket. */
  number: optional(Uint32),
  protocol: optional(Text),
  name: optional(Text),
  /** Deprecated; Istio ignores it. */
  targetPort: optional(Uint32),
});

/** Whether connections to a listener are redirected to it. */
export type CaptureMode = ValueOf<typeof CaptureMode>;
export const CaptureMode = oneOf("DEFAULT", "IPTABLES", "NONE");

/** A name and a protocol that can be; which numbers are right is the listeners' own rule. */
export function* checkSidecarPort(port: SidecarPort, path: Path): Findings {
  const { name = "", protocol = "", targetPort = 0 } = port;
  yield* refuse([...path, "name"], name === "" ? undefined : portNameProblem(name));
  yield* refuse([...path, "protocol"], protocol === "" ? undefined : protocolProblem(protocol));
  if (targetPort !== 0) {
    yield invalid([...path, "targetPort"], "targetPort has no effect in a Sidecar");
  }
}
