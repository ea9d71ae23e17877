import { declaredWorkloads, type LocalWorkload, workloadOfPod } from "../up/workloads.js";
import { CommandError } from "./command-error.js";
import { readDirectories } from "./read-directories.js";

/** The workload of which a pod is a replica, see `workloadOfPod`. Throws a `CommandError` when the directories declare none. */
export async function findDeclaredWorkload(
  directories: readonly string[],
  pod: { readonly name: string; readonly namespace: string },
): Promise<LocalWorkload> {
  const { tables } = await readDirectories(directories);
  const workload = workloadOfPod(declaredWorkloads(tables), pod);
  if (workload !== undefined) return workload;
  throw new CommandError(
    `${directories.join(", ")}: no Deployment, StatefulSet, DaemonSet or Pod for ${pod.name}.${pod.namespace}`,
    "leave --config out and give --labels and --service-account, or name a workload that there is",
  );
}
