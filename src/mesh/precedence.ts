import type { ConfigResource } from "../config/resource.js";

/**
 * Which of two resources that compete comes first: the older one, then by name, then by namespace. A resource without a
 * creation time counts as older than one with. See Istio, model.sortConfigByCreationTime.
 */
export function comparePrecedence(a: ConfigResource, b: ConfigResource): number {
  return (
    compare(a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? "") ||
    compare(a.metadata.name, b.metadata.name) ||
    compare(a.metadata.namespace, b.metadata.namespace)
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
