/** Which of two resources for the same thing wins. */
import { compareText } from "../base/text/compare-text.js";
import type { ConfigResource } from "../config/resource.js";

/**
 * Which of two resources that compete comes first: the older one, then by name, then by namespace. A resource without a
 * creation time counts as older than one with. See Istio, model.sortConfigByCreationTime.
 */
export function comparePrecedence(a: ConfigResource, b: ConfigResource): number {
  return (
    compareText(a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? "") ||
    compareText(a.metadata.name, b.metadata.name) ||
    compareText(a.metadata.namespace, b.metadata.namespace)
  );
}
