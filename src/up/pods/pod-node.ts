import type { NodeOptions } from "../../envoy/bootstrap/node.js";
import type { PlacedPod } from "./pod-plan.js";

/** Who the proxy of a pod says that it is. It captures nothing: that needs privileges. */
export function podNode(pod: PlacedPod): NodeOptions {
  const { addresses, settings, naming } = pod;
  return {
    type: pod.proxy === "router" ? "router" : "sidecar",
    name: pod.name,
    namespace: pod.namespace,
    addresses: [addresses.pod],
    serviceAccount: pod.serviceAccount,
    workloadName: pod.workloadName,
    labels: pod.labels,
    metadata: pod.nodeMetadata,
    settings,
    naming,
    interceptionMode: "NONE",
    appAddress: addresses.app,
    egressAddress: addresses.egress,
  };
}
