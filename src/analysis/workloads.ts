import type { PodSpec, PodTemplate } from "../config/kinds/kubernetes/pod-template.js";
import type { TextMap } from "../config/kinds/value/fields.js";
import { indexPair, selects } from "../mesh/labels.js";
import { isDefaultGateway } from "./default-gateway.js";
import type { Draft } from "./draft.js";
import type { Analyzed, Resources } from "./resources.js";

/** Something that runs, or is going to: a pod, or one that a Deployment and the like will make, or a machine of its own. */
export interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly labels: TextMap;
  readonly annotations: TextMap;
  readonly pod: Draft<PodSpec>;
  /** A pod that runs already, with its containers; pods that are going to; or what brings its proxy, as machines do. */
  readonly origin: "pod" | "template" | "machine";
}

/** The workloads that resources declare; what a template makes counts by its pods where some run already. */
export function declaredWorkloads(resources: Resources): readonly Workload[] {
  const pods = resources
    .all("Pod")
    .map(({ name, namespace, labels, annotations, spec }): Workload => {
      return { name, namespace, labels, annotations, pod: spec, origin: "pod" };
    });
  const templates = (["Deployment", "StatefulSet", "DaemonSet"] as const).flatMap((kind) =>
    resources.all(kind).map((one) => fromTemplate(one, one.spec.template)),
  );
  const runs = lookUpRunning(pods);
  const machines = resources
    .all("WorkloadEntry")
    .map((one) => machine(one, { ...one.labels, ...one.spec.labels }));
  const groups = resources
    .all("WorkloadGroup")
    .map((one) => machine(one, { ...one.spec.metadata?.labels, ...one.spec.template?.labels }));
  return [...pods, ...templates.filter((one) => !runs(one)), ...machines, ...groups];
}

/** Whether a pod runs that has all labels of a template, and so is selected by whatever selects those. */
function lookUpRunning(pods: readonly Workload[]): (template: Workload) => boolean {
  const byPair = new Map<string, Workload[]>();
  for (const pod of pods) {
    for (const [name, value] of Object.entries(pod.labels)) {
      const key = `${pod.namespace}/${name}=${value}`;
      const others = byPair.get(key);
      if (others === undefined) byPair.set(key, [pod]);
      else others.push(pod);
    }
  }
  return ({ namespace, labels }) => {
    const candidates = byPair.get(`${namespace}/${indexPair(labels) ?? ""}`) ?? [];
    return candidates.some((pod) => selects(labels, pod.labels));
  };
}

/**
 * The workloads that Services ask for. Proxies register themselves when they connect, so files need not declare workloads;
 * that of a Service stands for those that nothing else tells of.
 */
export function expectedWorkloads(resources: Resources): readonly Workload[] {
  return resources
    .all("Service")
    .filter(({ spec }) => Object.keys(spec.selector ?? {}).length > 0)
    .map((one): Workload => {
      const origin = isDefaultGateway(one) ? "machine" : "template";
      return { ...machine(one, one.spec.selector ?? {}), origin };
    });
}

function fromTemplate(
  { name, namespace }: Analyzed,
  template: Draft<PodTemplate> | undefined,
): Workload {
  const { labels = {}, annotations = {} } = template?.metadata ?? {};
  return { name, namespace, labels, annotations, pod: template?.spec ?? {}, origin: "template" };
}

function machine({ name, namespace }: Analyzed, labels: TextMap): Workload {
  return { name, namespace, labels, annotations: {}, pod: {}, origin: "machine" };
}
