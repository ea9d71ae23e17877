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
  const { config, peerTrustDomains, security, telemetries, sidecars, ...patches } = mesh;
  const { envoyFilters, extensions } = patches;
  return { config, peerTrustDomains, security, telemetries, sidecars, envoyFilters, extensions };
}
