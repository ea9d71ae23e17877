import {
  INJECT,
  INJECTION_LABEL,
  REVISION_LABEL,
} from "../config/kinds/kubernetes/injection-labels.js";
import type { Container } from "../config/kinds/kubernetes/pod-template.js";
import type { TextMap } from "../config/kinds/value/fields.js";
import { PROXY_CONTAINER } from "./control-plane.js";
import type { Draft } from "./draft.js";
import type { Analyzed, Resources } from "./resources.js";
import type { Workload } from "./workloads.js";

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
export function isInMesh(membership: Membership, resources: Resources): boolean | undefined {
  const own = ownWord(membership);
  if (own !== undefined) return own;
  const found = resources.find("Namespace", "", membership.namespace);
  return found === undefined ? undefined : found.labels[INJECTION_LABEL] === "enabled";
}

/** What pods say themselves of whether they have a sidecar. */
function ownWord({
  labels,
  annotations,
  containers,
}: Omit<Membership, "namespace">): boolean | undefined {
  const proxy = containers.find(({ name }) => name === PROXY_CONTAINER);
  if ((proxy?.image ?? "") !== "") return true;
  const asked = labels[INJECT] ?? annotations[INJECT];
  return asked === undefined ? undefined : asked === "true";
}

/**
 * Whether a workload is in the mesh. What is not a running pod has no containers yet that tell: it is, when its namespace
 * takes pods into the mesh by any of the ways, and there is no need to declare one. A machine brings its proxy with it.
 */
export function isWorkloadInMesh(workload: Workload, resources: Resources): boolean {
  const { pod, origin, namespace } = workload;
  const containers = [...(pod.containers ?? []), ...(pod.initContainers ?? [])];
  switch (origin) {
    case "pod":
      return isInMesh({ ...workload, containers }, resources) ?? false;
    case "template":
      return (
        ownWord({ ...workload, containers }) ??
        takesPods(resources.find("Namespace", "", namespace))
      );
    case "machine":
      return true;
  }
}

/** Whether the pods of a namespace get into the mesh unless they say otherwise; one that is not declared takes them. */
function takesPods(namespace: Pick<Analyzed, "labels"> | undefined): boolean {
  if (namespace === undefined) return true;
  const { [INJECTION_LABEL]: injection = "", [REVISION_LABEL]: revision = "" } = namespace.labels;
  const isRevised = injection !== "disabled" && revision !== "";
  return injection === "enabled" || isRevised || isAmbientNamespace(namespace);
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
