import type { Container } from "../config/kinds/kubernetes/pod-template.js";
import type { TextMap } from "../config/kinds/value/fields.js";
import { PROXY_CONTAINER } from "./control-plane.js";
import type { Draft } from "./draft.js";
import type { Analyzed, Resources } from "./resources.js";
import type { Workload } from "./workloads.js";

/** The label, and the older annotation, by which a pod says whether it gets a proxy. */
export const INJECT = "sidecar.istio.io/inject";
/** The labels by which a namespace says whether its pods get one, and from which revision. */
export const INJECTION_LABEL = "istio-injection";
export const REVISION_LABEL = "istio.io/rev";
/** The label by which a namespace says that it has no sidecars but is in the mesh. */
export const DATAPLANE_MODE = "istio.io/dataplane-mode";

const AMBIENT_REDIRECTION = "ambient.istio.io/redirection";

/** The pods of a workload, as far as it matters to whether they have a proxy. */
export interface Membership {
  readonly namespace: string;
  readonly labels: TextMap;
  readonly annotations: TextMap;
  readonly containers: readonly Draft<Container>[];
}

/**
 * Whether pods have a sidecar, as Istio's analysis decides it: by the proxy among their containers, else by what they say
 * themselves, else by the label `istio-injection` of their namespace. undefined when nothing is said, not even that there
 * is such a namespace.
 */
export function isInMesh(
  { namespace, labels, annotations, containers }: Membership,
  resources: Resources,
): boolean | undefined {
  const proxy = containers.find(({ name }) => name === PROXY_CONTAINER);
  if ((proxy?.image ?? "") !== "") return true;
  const asked = labels[INJECT] ?? annotations[INJECT];
  if (asked !== undefined) return asked === "true";
  const found = resources.find("Namespace", "", namespace);
  return found === undefined ? undefined : found.labels[INJECTION_LABEL] === "enabled";
}

/**
 * Whether a workload is in the mesh. What is not a running pod has no containers yet that tell, and here there is no need
 * to enable a namespace: it is, unless it says that it is not.
 */
export function isWorkloadInMesh(workload: Workload, resources: Resources): boolean {
  const { pod, isRunning } = workload;
  const containers = [...(pod.containers ?? []), ...(pod.initContainers ?? [])];
  const membership = isInMesh({ ...workload, containers }, resources);
  if (isRunning) return membership ?? false;
  return membership ?? true;
}

/** Whether a pod was taken into the mesh without a sidecar. */
export function isAmbient({ annotations }: Pick<Workload, "annotations">): boolean {
  return annotations[AMBIENT_REDIRECTION] === "enabled";
}

/** Whether the pods of a namespace are taken into the mesh without sidecars; injection wins where both are asked for. */
export function isAmbientNamespace(namespace: Pick<Analyzed, "labels"> | undefined): boolean {
  const { labels = {} } = namespace ?? {};
  const injects = labels[INJECTION_LABEL] === "enabled" || (labels[REVISION_LABEL] ?? "") !== "";
  return !injects && labels[DATAPLANE_MODE] === "ambient";
}
