import type { ResourceOf } from "../../../config/kinds.js";
import { keyOf } from "../../../config/resource.js";
import type { ResourceTables } from "../../../config/snapshot.js";
import type { Labels } from "../../../mesh/labels.js";
import { proxyStart } from "../../../up/pods/proxy-start.js";
import {
  declaredWorkloads,
  type LocalWorkload,
  workloadOfPod,
} from "../../../up/pods/workloads.js";
import { CommandError } from "../../command-error.js";

/** What a directory says of a workload, as far as its proxy's bootstrap depends on it. */
export type DeclaredWorkload = Pick<
  LocalWorkload,
  | "name"
  | "labels"
  | "serviceAccount"
  | "proxy"
  | "nodeMetadata"
  | "settings"
  | "naming"
  | "statistics"
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

/**
 * The WorkloadEntry of that name, or the workload of which a pod is a replica, see `workloadOfPod`. Throws a `CommandError`
 * when the directories declare none.
 */
export function findDeclaredWorkload({ directories, tables }: Read, pod: Name): DeclaredWorkload {
  const entry = tables.WorkloadEntry.get(keyOf(pod));
  const workload =
    entry === undefined ? workloadOfPod(declaredWorkloads(tables), pod) : ofEntry(tables, entry);
  if (workload !== undefined) return workload;
  throw new CommandError(
    `${directories.join(", ")}: no Deployment, StatefulSet, DaemonSet, Pod or WorkloadEntry for ${pod.name}.${pod.namespace}`,
    "leave --config out and give --labels and --service-account, or name a workload that there is",
  );
}

function ofEntry(
  tables: ResourceTables,
  { metadata, spec }: ResourceOf<"WorkloadEntry">,
): DeclaredWorkload {
  const { name, namespace } = metadata;
  return ofMachine(tables, {
    ...{ name, namespace, annotations: metadata.annotations, account: spec.serviceAccount },
    labels: { ...metadata.labels, ...spec.labels },
  });
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
  return ofMachine(tables, {
    ...{ ...group, annotations: metadata?.annotations ?? {}, account: template.serviceAccount },
    labels: { ...metadata?.labels, ...template.labels },
  });
}

/** What is said of a machine, or of several. */
interface Machine extends Name {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly account: string | undefined;
}

function ofMachine(
  tables: ResourceTables,
  { name, namespace, labels, annotations, account = "default" }: Machine,
): DeclaredWorkload {
  return {
    ...{ name, labels, serviceAccount: account, proxy: "sidecar" },
    ...proxyStart(tables, { namespace, labels, annotations }),
  };
}
