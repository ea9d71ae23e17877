import type { KindDefinition } from "../kind.js";
import { list, oneOf, optional, strict, Text, Uint32, type ValueOf } from "./fields.js";
import { WorkloadSelector } from "./selectors.js";
import { WorkloadEntrySpec } from "./workload-entry.js";

/** A port of a service that the registry does not have by itself. */
export const ServiceEntryPort = strict({
  number: Uint32,
  protocol: optional(Text),
  name: Text,
  targetPort: optional(Uint32),
});
export type ServiceEntryPort = ValueOf<typeof ServiceEntryPort>;

/** A service that is added to the registry. */
export const ServiceEntrySpec = strict({
  hosts: list(Text),
  addresses: optional(list(Text)),
  ports: optional(list(ServiceEntryPort)),
  location: optional(oneOf("MESH_EXTERNAL", "MESH_INTERNAL")),
  resolution: optional(oneOf("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS")),
  endpoints: optional(list(WorkloadEntrySpec)),
  workloadSelector: optional(WorkloadSelector),
  exportTo: optional(list(Text)),
  subjectAltNames: optional(list(Text)),
});
export type ServiceEntrySpec = ValueOf<typeof ServiceEntrySpec>;

/** Istio's ServiceEntry. */
export const serviceEntry = {
  kind: "ServiceEntry",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  body: "spec",
  schema: ServiceEntrySpec,
} as const satisfies KindDefinition<ServiceEntrySpec>;
