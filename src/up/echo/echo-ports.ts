import type { PlacedPod } from "../pods/pod-plan.js";
import type { EchoListener } from "./echo-server.js";

/** The ports of the pods' applications: behind a sidecar on the application's own address, else on the pod's. */
export function podListeners(pods: readonly PlacedPod[]): readonly EchoListener[] {
  return pods.flatMap((pod) => {
    const { name, namespace, serviceAccount, labels, proxy, addresses } = pod;
    const { version } = labels;
    const identity = {
      pod: name,
      namespace,
      ...(version === undefined ? {} : { version }),
      serviceAccount,
    };
    const address = proxy === "none" ? addresses.pod : addresses.app;
    return pod.appPorts.map((port) => ({ address, port, identity }));
  });
}
