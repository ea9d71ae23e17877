import type { Analyzed } from "./resources.js";

/** The namespace in which Istio is installed. */
export const ISTIO_NAMESPACE = "istio-system";

/** The container of a pod that is its proxy. */
export const PROXY_CONTAINER = "istio-proxy";

/** Whether a resource is a part of Istio's own control plane, as its labels say. */
export function isOfControlPlane({ labels }: Pick<Analyzed, "labels">): boolean {
  return "istio" in labels || labels["release"] === "istio";
}

/** The label of the gateways and waypoints that Istio deploys for the Gateway API: its value is who made them. */
const MANAGED = "gateway.istio.io/managed";
const WAYPOINTS = "istio.io-mesh-controller";
const CONTROLLERS: readonly (string | undefined)[] = [
  "istio.io-gateway-controller",
  "istio.io-eastwest-controller",
  WAYPOINTS,
];

/** Whether Istio made a resource for a Gateway of the Gateway API. */
export function isMadeForGateway({ labels }: Pick<Analyzed, "labels">): boolean {
  return CONTROLLERS.includes(labels[MANAGED]);
}

/** Whether Istio made a resource for a waypoint. */
export function isMadeForWaypoint({ labels }: Pick<Analyzed, "labels">): boolean {
  return labels[MANAGED] === WAYPOINTS;
}
