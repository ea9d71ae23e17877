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
