import type { TextMap } from "../config/kinds/fields.js";
import type { PodSpec, PodTemplate } from "../config/kinds/pod-template.js";
import type { Draft } from "./draft.js";
import type { Analyzed, Resources } from "./resources.js";

/** Something that runs, or is going to: a pod, or one that a Deployment and the like will make, or a machine of its own. */
export interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly labels: TextMap;
  readonly annotations: TextMap;
  readonly pod: Draft<PodSpec>;
  /** Whether it is a pod that runs already, with the containers that it has. */
  readonly isRunning: boolean;
}

/** The workloads that resources declare. */
export function declaredWorkloads(resources: Resources): readonly Workload[] {
  const pods = resources
    .all("Pod")
    .map(({ name, namespace, labels, annotations, spec }): Workload => {
      return { name, namespace, labels, annotations, pod: spec, isRunning: true };
    });
  const templates = (["Deployment", "StatefulSet", "DaemonSet"] as const).flatMap((kind) =>
    resources.all(kind).map((one) => fromTemplate(one, one.spec.template)),
  );
  const machines = resources
    .all("WorkloadEntry")
    .map((one) => machine(one, { ...one.labels, ...one.spec.labels }));
  const groups = resources
    .all("WorkloadGroup")
    .map((one) => machine(one, { ...one.spec.metadata?.labels, ...one.spec.template?.labels }));
  return [...pods, ...templates, ...machines, ...groups];
}

/**
 * The workloads that Services ask for. Proxies register themselves when they connect, so files need not declare workloads;
 * that of a Service stands for those that nothing else tells of.
 */
export function expectedWorkloads(resources: Resources): readonly Workload[] {
  return resources
    .all("Service")
    .filter(({ spec }) => Object.keys(spec.selector ?? {}).length > 0)
    .map((one) => machine(one, one.spec.selector ?? {}));
}

function fromTemplate(
  { name, namespace }: Analyzed,
  template: Draft<PodTemplate> | undefined,
): Workload {
  const { labels = {}, annotations = {} } = template?.metadata ?? {};
  return { name, namespace, labels, annotations, pod: template?.spec ?? {}, isRunning: false };
}

function machine({ name, namespace }: Analyzed, labels: TextMap): Workload {
  return { name, namespace, labels, annotations: {}, pod: {}, isRunning: false };
}
