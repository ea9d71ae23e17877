/**
 * The ingress gateway that comes with a mesh without being declared: `fairlead up` and Istio's installation each have one.
 * Who analyzes files alone takes it for there, so that a Gateway for it is not said to be for nothing.
 */
import type { OfflineFile } from "../config/parse-offline.js";

/** The ports of Istio's ingress gateway. */
const PORTS: readonly (readonly [name: string, port: number])[] = [
  ["http2", 80],
  ["https", 443],
  ["tcp", 31400],
  ["tls", 15443],
];
const LABELS = { istio: "ingressgateway" };
const NAMESPACE = "istio-system";
const NAME = "istio-ingressgateway";

const RESOURCES = [
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: NAME, namespace: NAMESPACE, labels: LABELS },
    spec: { containers: [{ name: "istio-proxy", image: "istio-proxy" }] },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: NAME, namespace: NAMESPACE },
    spec: {
      selector: LABELS,
      ports: PORTS.map(([name, port]) => ({ name, port, protocol: "TCP", targetPort: port })),
    },
  },
];

/** A file with that gateway. Its path is behind all others, so that what they declare themselves counts. */
export const DEFAULT_GATEWAY_FILE: OfflineFile = {
  path: "\u{10ffff}",
  text: RESOURCES.map((resource) => JSON.stringify(resource)).join("\n---\n"),
};
