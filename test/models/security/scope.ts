/** Which policies are for a workload. */
import type { MeshSettings, Targets } from "./objects.js";

/** What policies are attached to. */
export interface Workload {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Scoped {
  readonly metadata: { readonly namespace: string };
  readonly spec: Targets;
}

/**
 * A policy is for the workloads of its namespace, one in the root namespace for those of all namespaces; a selector or
 * references narrow that.
 */
export function isFor(
  workload: Workload,
  { metadata: { namespace }, spec }: Scoped,
  { rootNamespace }: Pick<MeshSettings, "rootNamespace">,
): boolean {
  const { selector, targetRef, targetRefs = [] } = spec;
  const references = targetRef === undefined ? targetRefs : [targetRef];
  if (references.length > 0) {
    // "The gateway must be in the same namespace as the authorization policy"; all else is for waypoints.
    const gateways = references.filter(({ kind }) => kind === "Gateway").map(({ name }) => name);
    const own = workload.labels["gateway.networking.k8s.io/gateway-name"];
    return namespace === workload.namespace && own !== undefined && gateways.includes(own);
  }
  const isInScope = namespace === workload.namespace || namespace === rootNamespace;
  return isInScope && isSelected(workload, selector);
}

/** Whether a workload has all labels of a selector; one without labels is none. */
export function isSelected({ labels }: Workload, selector: Targets["selector"]): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

/** "Without or with an empty selector field." */
export function hasSelector({ selector }: Targets): boolean {
  return Object.keys(selector?.matchLabels ?? {}).length > 0;
}
