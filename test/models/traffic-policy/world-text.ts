/** A world as YAML. */
import { FAR } from "./networks.js";
import type { World } from "./objects.js";
import { waysOf } from "./ways.js";

const NETWORKING = "networking.istio.io/v1";

const KINDS = {
  services: ["v1", "Service"],
  pods: ["v1", "Pod"],
  serviceEntries: [NETWORKING, "ServiceEntry"],
  workloadEntries: [NETWORKING, "WorkloadEntry"],
  destinationRules: [NETWORKING, "DestinationRule"],
  peerAuthentications: ["security.istio.io/v1", "PeerAuthentication"],
} as const satisfies Partial<Record<keyof World, readonly [apiVersion: string, kind: string]>>;

/** The objects of a world, one document each, and the configuration of its mesh. */
export function worldText(world: World): string {
  const objects = Object.entries(KINDS).flatMap(([key, [apiVersion, kind]]) =>
    world[key as keyof typeof KINDS].map((object) => ({ apiVersion, kind, ...object })),
  );
  const mesh = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "istio", namespace: "istio-system" },
    data: {
      mesh: JSON.stringify(world.meshConfig),
      meshNetworks: JSON.stringify({
        networks: {
          [FAR.network]: { endpoints: [], gateways: [{ address: FAR.address, port: FAR.port }] },
        },
      }),
    },
  };
  return [...objects, ...waysOf(world), mesh]
    .map((one) => JSON.stringify(one, undefined, 1))
    .join("\n---\n");
}
