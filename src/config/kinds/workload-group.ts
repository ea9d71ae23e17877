import type { KindDefinition } from "../kind.js";
import { Int32, list, optional, strict, Text, TextMap, Uint32, type ValueOf } from "./fields.js";
import { WorkloadEntrySpec } from "./workload-entry.js";

/** A header that a probe sends. */
export const HTTPHeader = strict({ name: optional(Text), value: optional(Text) });
export type HTTPHeader = ValueOf<typeof HTTPHeader>;

/** How the agent finds out whether the application is ready; one of the four ways. */
export const ReadinessProbe = strict({
  initialDelaySeconds: optional(Int32),
  timeoutSeconds: optional(Int32),
  periodSeconds: optional(Int32),
  successThreshold: optional(Int32),
  failureThreshold: optional(Int32),
  httpGet: optional(
    strict({
      path: optional(Text),
      port: Uint32,
      host: optional(Text),
      scheme: optional(Text),
      httpHeaders: optional(list(HTTPHeader)),
    }),
  ),
  tcpSocket: optional(strict({ host: optional(Text), port: Uint32 })),
  exec: optional(strict({ command: list(Text) })),
  grpc: optional(strict({ port: optional(Uint32), service: optional(Text) })),
});
export type ReadinessProbe = ValueOf<typeof ReadinessProbe>;

/** The template of the WorkloadEntries of workloads that register themselves. */
export const WorkloadGroupSpec = strict({
  metadata: optional(strict({ labels: optional(TextMap), annotations: optional(TextMap) })),
  template: WorkloadEntrySpec,
  probe: optional(ReadinessProbe),
});
export type WorkloadGroupSpec = ValueOf<typeof WorkloadGroupSpec>;

/** Istio's WorkloadGroup. */
export const workloadGroup = {
  kind: "WorkloadGroup",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  body: "spec",
  schema: WorkloadGroupSpec,
} as const satisfies KindDefinition<WorkloadGroupSpec>;
