import type { Mesh } from "../../mesh/mesh.js";

/** What of a mesh may concern the workload of any proxy. */
export type OwnContext = Pick<
  Mesh,
  | "config"
  | "peerTrustDomains"
  | "security"
  | "telemetries"
  | "sidecars"
  | "envoyFilters"
  | "extensions"
>;

/** What of a mesh may concern any workload. */
export function ownContext(mesh: OwnContext): OwnContext {
  const { config, peerTrustDomains, security, telemetries } = mesh;
  const { sidecars, envoyFilters, extensions } = mesh;
  return { config, peerTrustDomains, security, telemetries, sidecars, envoyFilters, extensions };
}
