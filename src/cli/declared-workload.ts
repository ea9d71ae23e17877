import { declaredWorkloads, type LocalWorkload } from "../up/workloads.js";
import { CommandError } from "./command-error.js";
import { readConfig } from "./read-config.js";

/**
 * The workload of which a pod is a replica: the one with its name, or the longest name of which it is `NAME-SOMETHING`.
 * Throws a `CommandError` when the directories declare none.
 */
export async function findDeclaredWorkload(
  directories: readonly string[],
  pod: { readonly name: string; readonly namespace: string },
): Promise<LocalWorkload> {
  const tables = await readConfig(directories);
  const workload = workloadOfPod(declaredWorkloads(tables), pod);
  if (workload !== undefined) return workload;
  throw new CommandError(
    `${directories.join(", ")}: no Deployment, StatefulSet, DaemonSet or Pod for ${pod.name}.${pod.namespace}`,
    "leave --config out and give --labels and --service-account, or name a workload that there is",
  );
}

/** See `findDeclaredWorkload`; undefined when there is none. */
export function workloadOfPod(
  workloads: readonly LocalWorkload[],
  { name, namespace }: { readonly name: string; readonly namespace: string },
): LocalWorkload | undefined {
  return workloads
    .filter((one) => one.namespace === namespace)
    .filter((one) => name === one.name || name.startsWith(`${one.name}-`))
    .sort((a, b) => b.name.length - a.name.length)[0];
}
