import type { ResourceOf } from "../config/kinds.js";
import type { Labels } from "../mesh/labels.js";

/** What of a pod says whether it gets a sidecar. */
export interface InjectionSubject {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly hostNetwork: boolean;
}

/** The label by which a pod asks for a sidecar, or for none. */
export const INJECT = "sidecar.istio.io/inject";
const NAMESPACE_LABEL = "istio-injection";
const REVISION_LABEL = "istio.io/rev";

/** Namespaces of Kubernetes' own, in which Istio never injects. */
const IGNORED_NAMESPACES: ReadonlySet<string> = new Set([
  "kube-system",
  "kube-public",
  "kube-node-lease",
  "local-path-storage",
]);

/**
 * Whether a pod gets a sidecar, by the rules of Istio's injector: the pod's label `sidecar.istio.io/inject` decides, else
 * its annotation of that name, else the namespace's label `istio-injection` or a revision (`istio.io/rev`) of either. A
 * namespace that says `disabled` is final. One that no file declares counts as enabled, because there is no cluster that
 * could have it. See Istio, "Installing the Sidecar", controlling the injection policy.
 */
export function getsSidecar(
  namespaceName: string,
  namespace: ResourceOf<"Namespace"> | undefined,
  pod: InjectionSubject,
): boolean {
  if (pod.hostNetwork || IGNORED_NAMESPACES.has(namespaceName)) return false;
  const namespaceLabels = namespace?.metadata.labels ?? { [NAMESPACE_LABEL]: "enabled" };
  const asked = pod.labels[INJECT];
  if (namespaceLabels[NAMESPACE_LABEL] === "disabled" || asked === "false") return false;
  const enabled =
    namespaceLabels[NAMESPACE_LABEL] === "enabled" ||
    (namespaceLabels[REVISION_LABEL] ?? "") !== "" ||
    asked === "true" ||
    (pod.labels[REVISION_LABEL] ?? "") !== "";
  return enabled && (asked === "true" || pod.annotations[INJECT] !== "false");
}
