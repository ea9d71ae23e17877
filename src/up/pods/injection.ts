/** Whether a pod gets a sidecar, by the labels and annotations of the pod and its namespace, as Istio's injector decides it. */
import {
  INJECT,
  INJECTION_LABEL,
  REVISION_LABEL,
} from "../../config/kinds/kubernetes/injection-labels.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { Labels } from "../../mesh/labels.js";

/** What of a pod says whether it gets a sidecar. */
export interface InjectionSubject {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly hostNetwork: boolean;
}

/** Namespaces of Kubernetes' own, in which Istio never injects. */
const IGNORED_NAMESPACES: ReadonlySet<string> = new Set([
  "kube-system",
  "kube-public",
  "kube-node-lease",
  "local-path-storage",
]);

/** Whether a pod gets a sidecar, and what decides that, as people read it. */
export interface Injection {
  readonly injected: boolean;
  readonly reason: string;
}

/**
 * Whether a pod gets a sidecar, by the rules of Istio's injector: the pod's label `sidecar.istio.io/inject` decides, else
 * its annotation of that name, else the namespace's label `istio-injection` or a revision (`istio.io/rev`) of either. A
 * namespace that says `disabled` is final. One that no file declares counts as enabled, because there is no cluster that
 * could have it. See Istio, "Installing the Sidecar", controlling the injection policy.
 */
export function injectionOf(
  namespaceName: string,
  namespace: ResourceOf<"Namespace"> | undefined,
  pod: InjectionSubject,
): Injection {
  const obstacle = obstacleOf(namespaceName, namespace, pod);
  if (obstacle !== undefined) return { injected: false, reason: obstacle };
  const cause = causeOf(namespaceName, namespace, pod);
  if (cause === undefined) return { injected: false, reason: NOBODY_ASKS };
  if (pod.annotations[INJECT] === "false" && pod.labels[INJECT] !== "true") {
    return { injected: false, reason: `the pod is annotated ${INJECT}=false` };
  }
  return { injected: true, reason: cause };
}

const NOBODY_ASKS = `nothing asks for it: no label ${INJECTION_LABEL}=enabled or ${REVISION_LABEL} of the namespace, none ${INJECT}=true or ${REVISION_LABEL} of the pod`;

/** What keeps a pod from a sidecar, whatever else is said. */
function obstacleOf(
  namespaceName: string,
  namespace: ResourceOf<"Namespace"> | undefined,
  { labels, hostNetwork }: InjectionSubject,
): string | undefined {
  if (hostNetwork) return "the pod is in the network of its host";
  if (IGNORED_NAMESPACES.has(namespaceName)) {
    return `the namespace ${namespaceName} is Kubernetes' own`;
  }
  if (namespace?.metadata.labels[INJECTION_LABEL] === "disabled") {
    return `the namespace has the label ${INJECTION_LABEL}=disabled`;
  }
  return labels[INJECT] === "false" ? `the pod has the label ${INJECT}=false` : undefined;
}

/** What asks for a sidecar of a pod: the first that does. */
function causeOf(
  namespaceName: string,
  namespace: ResourceOf<"Namespace"> | undefined,
  { labels }: InjectionSubject,
): string | undefined {
  if (labels[INJECT] === "true") return `the pod has the label ${INJECT}=true`;
  const own = namespace?.metadata.labels;
  if (own === undefined) {
    return `no file declares the namespace ${namespaceName}, which counts as ${INJECTION_LABEL}=enabled`;
  }
  if (own[INJECTION_LABEL] === "enabled") {
    return `the namespace has the label ${INJECTION_LABEL}=enabled`;
  }
  const revisions = { namespace: own[REVISION_LABEL], pod: labels[REVISION_LABEL] };
  const revised = Object.entries(revisions).find(([, revision]) => (revision ?? "") !== "");
  if (revised === undefined) return undefined;
  const [whose, revision = ""] = revised;
  return `the ${whose} has the label ${REVISION_LABEL}=${revision}`;
}
