import type { KindDefinition } from "../kind.js";
import { mapOf, optional, strict, Text, TextMap, Uint32, type ValueOf } from "./fields.js";

/** One endpoint: a workload outside of Kubernetes, or one endpoint of a ServiceEntry. */
export const WorkloadEntrySpec = strict({
  address: optional(Text),
  ports: optional(mapOf(Uint32)),
  labels: optional(TextMap),
  network: optional(Text),
  locality: optional(Text),
  weight: optional(Uint32),
  serviceAccount: optional(Text),
});
export type WorkloadEntrySpec = ValueOf<typeof WorkloadEntrySpec>;

/** Istio's WorkloadEntry. */
export const workloadEntry = {
  kind: "WorkloadEntry",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  body: "spec",
  schema: WorkloadEntrySpec,
} as const satisfies KindDefinition<WorkloadEntrySpec>;
