/** A world as YAML. */
import type { World } from "./objects.js";

const GATEWAY_API = "gateway.networking.k8s.io/v1";

const KINDS = {
  namespaces: ["v1", "Namespace"],
  services: ["v1", "Service"],
  serviceEntries: ["networking.istio.io/v1", "ServiceEntry"],
  gateways: [GATEWAY_API, "Gateway"],
  listenerSets: [GATEWAY_API, "ListenerSet"],
  httpRoutes: [GATEWAY_API, "HTTPRoute"],
  grpcRoutes: [GATEWAY_API, "GRPCRoute"],
  tlsRoutes: [GATEWAY_API, "TLSRoute"],
  tcpRoutes: ["gateway.networking.k8s.io/v1alpha2", "TCPRoute"],
  referenceGrants: ["gateway.networking.k8s.io/v1beta1", "ReferenceGrant"],
} as const satisfies Partial<Record<keyof World, readonly [apiVersion: string, kind: string]>>;

/** The objects of a world, one document each. */
export function worldText(world: World): string {
  return Object.entries(KINDS)
    .flatMap(([key, [apiVersion, kind]]) =>
      world[key as keyof typeof KINDS].map((object) => ({ apiVersion, kind, ...object })),
    )
    .map((one) => JSON.stringify(one, undefined, 1))
    .join("\n---\n");
}
