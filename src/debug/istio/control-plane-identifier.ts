import type { ControlPlaneJson } from "../../../gen/types/fairlead/debug/v1/debug_pb.js";

/** What we are where Istio's components have a name. */
export const COMPONENT = "fairlead";

/** By this istioctl knows which control plane answers: a JSON text in a field for a name. */
export function controlPlaneIdentifier({ id, istioVersion }: ControlPlaneJson): string {
  return JSON.stringify({ Component: COMPONENT, ID: id, Info: { version: istioVersion } });
}
