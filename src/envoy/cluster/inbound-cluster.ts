import type { ResourceRef } from "../../config/resource.js";
import type { Protocol } from "../../mesh/protocol.js";
import { socketAddress } from "../address.js";
import type { ClusterJson } from "../api.js";
import type { Built } from "../built.js";
import { inboundClusterName } from "../names.js";
import { circuitBreakers } from "./circuit-breakers.js";
import { INBOUND_SOURCE_ADDRESS } from "./static-cluster.js";
import { protocolOptions } from "./upstream-protocol.js";

/** A port of the application behind a sidecar. */
export interface InboundPort {
  /** The port on which the application listens. */
  readonly targetPort: number;
  /** The port by which callers know it. */
  readonly servicePort: number;
  readonly protocol: Protocol;
  /** The services that have this port. */
  readonly services: readonly {
    readonly host: string;
    readonly name: string;
    readonly namespace: string;
  }[];
  readonly sources: readonly ResourceRef[];
}

/** Where the application is: at the address that the kernel captured, or at an address of its own. */
export type ApplicationAddress = { readonly captured: true } | { readonly address: string };

/** Longer than any process lives: the cluster has one address, so there is nothing to clean up. */
const NEVER = "9223372035s";

/** The cluster by which a sidecar calls its application. */
export function inboundCluster(
  port: InboundPort,
  application: ApplicationAddress,
  connectTimeout: string,
): Built<ClusterJson> {
  const name = inboundClusterName(port.targetPort);
  const location: ClusterJson =
    "captured" in application
      ? {
          type: "ORIGINAL_DST",
          lbPolicy: "CLUSTER_PROVIDED",
          cleanupInterval: NEVER,
          upstreamBindConfig: { sourceAddress: { address: INBOUND_SOURCE_ADDRESS, portValue: 0 } },
        }
      : {
          type: "STATIC",
          loadAssignment: {
            clusterName: name,
            endpoints: [
              {
                lbEndpoints: [
                  {
                    endpoint: { address: socketAddress(application.address, port.targetPort) },
                  },
                ],
              },
            ],
          },
        };
  return {
    name,
    json: {
      name,
      altStatName: `${name};`,
      ...location,
      connectTimeout,
      circuitBreakers: circuitBreakers(undefined),
      commonLbConfig: {},
      ...protocolOptions({
        protocol: port.protocol,
        pool: undefined,
        tls: undefined,
        router: false,
      }),
      metadata: {
        filterMetadata: { istio: { services: port.services.map((one) => ({ ...one })) } },
      },
    },
    sources: port.sources,
  };
}
