import type { Mesh } from "../../mesh/mesh.js";

/** The parts of a mesh that may concern the workload of any proxy. */
export type WorkloadContext = Pick<
  Mesh,
  | "config"
  | "peerTrustDomains"
  | "security"
  | "telemetries"
  | "sidecars"
  | "envoyFilters"
  | "extensions"
>;
