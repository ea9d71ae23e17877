/** Which workloads a policy is for: by selector or by `targetRefs`. See Istio, model.WorkloadPolicyMatcher. */
import type { PolicyTargets } from "../config/kinds/value/selectors.js";
import type { ConfigResource } from "../config/resource.js";
import { type Labels, selects } from "./labels.js";

/** A workload, as policies tell it from others. */
export interface PolicySubject {
  readonly namespace: string;
  readonly labels: Labels;
}

/** The label of a workload that is the gateway of a resource of the Gateway API. */
export const GATEWAY_NAME_LABEL = "gateway.networking.k8s.io/gateway-name";
const GATEWAY_GROUP = "gateway.networking.k8s.io";

/**
 * Whether a policy of the workload's own or of the root namespace is for a workload: by its labels, or, when the policy is
 * attached to resources, because the workload is the gateway that one of them names. Policies that are attached to
 * services are for waypoints, and so for no workload here.
 */
export function isFor(policy: ConfigResource<PolicyTargets>, subject: PolicySubject): boolean {
  const { selector, targetRef, targetRefs = [] } = policy.spec;
  const targets = targetRef === undefined ? targetRefs : [targetRef, ...targetRefs];
  if (targets.length === 0) return selects(selector?.matchLabels ?? {}, subject.labels);
  const gateway = subject.labels[GATEWAY_NAME_LABEL];
  return (
    policy.metadata.namespace === subject.namespace &&
    targets.some(
      ({ group, kind, name }) => group === GATEWAY_GROUP && kind === "Gateway" && name === gateway,
    )
  );
}
