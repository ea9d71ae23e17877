import { defined } from "../../base/defined.js";
import type { ConnectionPoolSettings } from "../../config/kinds/networking/destination-rule/connection-pool.js";
import type { ServerTLSSettings } from "../../config/kinds/networking/server-tls-settings.js";
import type { ResourceRef } from "../../config/resource.js";
import type { AddressFamilies } from "../../mesh/proxy/proxy.js";
import type { Decision } from "../../mesh/security/tls-decisions.js";
import type { Protocol } from "../../mesh/service/protocol.js";
import type { ApplicationEndpoint } from "../../mesh/sidecar/sidecar-ingress.js";
import { socketAddress } from "../address.js";
import type { ClusterJson } from "../api.js";
import { inboundClusterName } from "../names.js";
import type { Built } from "../resource/built.js";
import { type ConnectionDefaults, connectionOptions } from "./connection.js";
import { type StatSubject, statName } from "./stat-name.js";
import { inboundSource } from "./static-cluster.js";
import { protocolOptions, type UpstreamPort } from "./upstream-protocol.js";

/** A port of the application behind a sidecar. */
export interface InboundPort {
  /** The port on which the application listens. */
  readonly targetPort: number;
  /** The port by which callers know it. */
  readonly servicePort: number;
  readonly protocol: Protocol;
  /** The services that have this port under the same number. See Istio, addTelemetryMetadata. */
  readonly services: readonly {
    readonly host: string;
    readonly name: string;
    readonly namespace: string;
  }[];
  /** As what statistics know it: as that of the first of the services. */
  readonly subject: StatSubject;
  readonly sources: readonly ResourceRef[];
  /** Where it is written: in a Sidecar, else in each of the services. */
  readonly parts: readonly Decision[];
  readonly pool: ConnectionPoolSettings | undefined;
  /** What a Sidecar's listener says: where the application is, and how connections reach the proxy. */
  readonly endpoint?: ApplicationEndpoint | undefined;
  readonly tls?: ServerTLSSettings | undefined;
  readonly bind?: string | undefined;
  readonly bound?: boolean;
}

/** Where the application is: at the address that the kernel captured, or at an address of its own. */
export type ApplicationAddress = { readonly captured: true } | { readonly address: string };

/** Longer than any process lives: the cluster has one address, so there is nothing to clean up. */
const NEVER = "9223372035s";

/** An application that calls reach at the address that the kernel captured. */
function capturedLocation(families: AddressFamilies): ClusterJson {
  return {
    type: "ORIGINAL_DST",
    lbPolicy: "CLUSTER_PROVIDED",
    cleanupInterval: NEVER,
    upstreamBindConfig: inboundSource(families),
  };
}

function staticLocation(name: string, { address, port }: ApplicationEndpoint): ClusterJson {
  const endpoint = { address: socketAddress(address, port) };
  return {
    type: "STATIC",
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [{ endpoint }] }] },
  };
}

function locationOf(
  name: string,
  { endpoint, targetPort }: InboundPort,
  application: ApplicationAddress,
  families: AddressFamilies,
): ClusterJson {
  if (endpoint !== undefined) return staticLocation(name, endpoint);
  if ("captured" in application) return capturedLocation(families);
  return staticLocation(name, { address: application.address, port: targetPort });
}

/** What the mesh and the proxy say of all clusters of a sidecar's application. */
export interface InboundDefaults extends ConnectionDefaults, Pick<UpstreamPort, "keepsCase"> {
  /** The pattern by which statistics name the clusters; `""` for their own names. */
  readonly statName: string;
  readonly families: AddressFamilies;
}

/** The cluster by which a sidecar calls its application. */
export function inboundCluster(
  port: InboundPort,
  application: ApplicationAddress,
  defaults: InboundDefaults,
): Built<ClusterJson> {
  const name = inboundClusterName(port.targetPort);
  const pool = port.pool ?? defaults.policy.connectionPool;
  return {
    name,
    json: {
      name,
      altStatName: statName(defaults.statName, name, port.subject),
      ...locationOf(name, port, application, defaults.families),
      ...connectionOptions(defined({ connectionPool: pool }), defaults),
      commonLbConfig: {},
      ...protocolOptions({
        protocol: port.protocol,
        pool,
        tls: undefined,
        router: false,
        keepsCase: defaults.keepsCase,
        upgrade: "never",
      }),
      metadata: {
        filterMetadata: { istio: { services: port.services.map((one) => ({ ...one })) } },
      },
    },
    sources: port.sources,
  };
}
