import { keyOf } from "../config/resource.js";
import type { ResourceTables } from "../config/snapshot.js";
import { proxyStart } from "../up/proxy-start.js";
import { declaredWorkloads, type LocalWorkload, workloadOfPod } from "../up/workloads.js";
import { CommandError } from "./command-error.js";

/** What a directory says of a workload, as far as its proxy's bootstrap depends on it. */
export type DeclaredWorkload = Pick<
  LocalWorkload,
  "name" | "labels" | "serviceAccount" | "proxy" | "nodeMetadata" | "settings" | "statistics"
>;

interface Name {
  readonly name: string;
  readonly namespace: string;
}

/** Some directories, and what they say. */
interface Read {
  readonly directories: readonly string[];
  readonly tables: ResourceTables;
}

/** The workload of which a pod is a replica, see `workloadOfPod`. Throws a `CommandError` when the directories declare none. */
export function findDeclaredWorkload({ directories, tables }: Read, pod: Name): DeclaredWorkload {
  const workload = workloadOfPod(declaredWorkloads(tables), pod);
  if (workload !== undefined) return workload;
  throw new CommandError(
    `${directories.join(", ")}: no Deployment, StatefulSet, DaemonSet or Pod for ${pod.name}.${pod.namespace}`,
    "leave --config out and give --labels and --service-account, or name a workload that there is",
  );
}

/** The workloads of a WorkloadGroup. Throws a `CommandError` when the directories have no such group. */
export function findDeclaredGroup({ directories, tables }: Read, group: Name): DeclaredWorkload {
  const { metadata, template } = tables.WorkloadGroup.get(keyOf(group))?.spec ?? {};
  if (template === undefined) {
    throw new CommandError(
      `${directories.join(", ")}: no WorkloadGroup ${group.name} in namespace ${group.namespace}`,
      "leave --config out and give --labels and --service-account, or name a group that there is",
    );
  }
  const labels = { ...metadata?.labels, ...template.labels };
  const annotations = metadata?.annotations ?? {};
  return {
    name: group.name,
    labels,
    serviceAccount: template.serviceAccount ?? "default",
    proxy: "sidecar",
    ...proxyStart(tables, { namespace: group.namespace, labels, annotations }),
  };
}
