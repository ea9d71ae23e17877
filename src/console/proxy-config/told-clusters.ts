/** What of the clusters of a proxy a control plane is asked for, so that it does not tell what is not shown. */
import type { ClusterFilter } from "./cluster-table.js";

/** The fields of a cluster that `clusterTable` looks at. */
export const CLUSTER_TABLE_FIELDS: readonly string[] = ["name", "type", "clusterType", "metadata"];

/** Texts that are all in the name of each cluster that is meant; others may have them too. */
export function clusterNameParts({
  fqdn = "",
  port,
  subset = "",
  direction = "",
}: ClusterFilter): readonly string[] {
  const parts = [fqdn, port === undefined ? "" : `|${String(port)}|`, subset, direction];
  return parts.filter((part) => part !== "");
}
