import type { KindDefinition } from "../kind.js";
import { lenient, list, optional, Text, type ValueOf } from "./fields.js";
import { PodSpec } from "./pod-template.js";

/** Whether something holds for a pod: `Ready` is `True` when it can be sent traffic. */
export const PodCondition = lenient({ type: Text, status: Text });
export type PodCondition = ValueOf<typeof PodCondition>;

/** Where a pod is, and whether it is ready. */
export const PodStatus = lenient({
  phase: optional(Text),
  podIP: optional(Text),
  podIPs: optional(list(lenient({ ip: optional(Text) }))),
  hostIP: optional(Text),
  conditions: optional(list(PodCondition)),
});
export type PodStatus = ValueOf<typeof PodStatus>;

/** Kubernetes' Pod. */
export const pod = {
  kind: "Pod",
  group: "",
  versions: ["v1"],
  body: "spec",
  schema: PodSpec,
  status: PodStatus,
} as const satisfies KindDefinition<PodSpec>;
