import type { Analyzed } from "./resources.js";

/** The namespace in which Istio is installed. */
export const ISTIO_NAMESPACE = "istio-system";

/** The container of a pod that is its proxy. */
export const PROXY_CONTAINER = "istio-proxy";

/** Whether a resource is a part of Istio's own control plane, as its labels say. */
export function isOfControlPlane({ labels }: Pick<Analyzed, "labels">): boolean {
  return "istio" in labels || labels["release"] === "istio";
}
