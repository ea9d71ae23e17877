import Type from "typebox";
import { NonEmptyText, optional, strict, Text, TextMap, type ValueOf } from "./fields.js";

/** The workloads of a policy, by all of these labels (istio.type.v1beta1.WorkloadSelector). */
export const PolicySelector = strict({ matchLabels: optional(TextMap) });
export type PolicySelector = ValueOf<typeof PolicySelector>;

/** The workloads of a networking resource, by all of these labels (istio.networking.WorkloadSelector). */
export const WorkloadSelector = strict({ labels: optional(TextMap) });
export type WorkloadSelector = ValueOf<typeof WorkloadSelector>;

/** A resource that a policy is attached to: a Service, ServiceEntry, Gateway or GatewayClass. */
export const PolicyTargetReference = strict({
  group: optional(Text),
  kind: NonEmptyText,
  name: NonEmptyText,
  namespace: optional(Text),
});
export type PolicyTargetReference = ValueOf<typeof PolicyTargetReference>;

/** The resources that a policy is attached to. */
export const PolicyTargetReferences = Type.Array(PolicyTargetReference, { maxItems: 16 });
