import type { Mesh } from "../../mesh/mesh.js";

/** The parts of a mesh that may concern the workload of any sidecar. What concerns one workload alone is found for each. */
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
