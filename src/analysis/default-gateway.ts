/**
 * The ingress gateway that comes with a mesh without being declared: `fairlead up` and Istio's installation each have one.
 * Who analyzes files alone takes it for there, so that a Gateway for it is not said to be for nothing.
 */
import type { OfflineFile } from "../config/parse-offline.js";

/** The ports of Istio's ingress gateway, and those at which its workload, which has no privileges, listens for them. */
const PORTS: readonly (readonly [name: string, port: number, targetPort: number])[] = [
  ["http2", 80, 8080],
  ["https", 443, 8443],
  ["tcp", 31400, 31400],
  ["tls", 15443, 15443],
];
const NAME = "istio-ingressgateway";
const NAMESPACE = "istio-system";

/** Whether a Service is that of this gateway, also one that is declared in its place. */
export function isDefaultGateway(service: {
  readonly name: string;
  readonly namespace: string;
}): boolean {
  return service.name === NAME && service.namespace === NAMESPACE;
}

/** Alone it tells of its workloads, and a Service of its name that is declared takes its place in all of that. */
const SERVICE = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: NAME, namespace: NAMESPACE },
  spec: {
    selector: { app: NAME, istio: "ingressgateway" },
    ports: PORTS.map(([name, port, targetPort]) => ({ name, port, protocol: "TCP", targetPort })),
  },
};

/** A file with that gateway. Its path is behind all others, so that what they declare themselves counts. */
export const DEFAULT_GATEWAY_FILE: OfflineFile = {
  path: "\u{10ffff}",
  text: JSON.stringify(SERVICE),
};
