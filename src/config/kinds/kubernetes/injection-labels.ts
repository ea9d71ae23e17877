/** The labels that say which pods get a sidecar. See Istio, "Installing the Sidecar". */

/** The label, and the older annotation, by which a pod asks for a sidecar, or for none. */
export const INJECT = "sidecar.istio.io/inject";
/** The label by which a namespace says whether its pods get one. */
export const INJECTION_LABEL = "istio-injection";
/** The label by which a namespace, or a pod, says from which revision. */
export const REVISION_LABEL = "istio.io/rev";
