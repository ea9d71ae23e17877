/**
 * The bootstrap with which a stock Envoy joins the mesh: who it is, where its control plane is, and what must be there
 * before the first answer. The rest comes over the stream. After Istio's bootstrap, as far as an Envoy without an agent
 * has use for it.
 */

import type { ProxyStatistics } from "../../config/mesh-config/proxy-statistics.js";
import { GROUP_METADATA } from "../../config/node-metadata.js";
import { any } from "../any.js";
import type { AddressJson, ClusterJson, SecretJson } from "../api.js";
import { adsSource } from "../config-source.js";
import { METRICS_PORT, STATUS_PORT } from "../names.js";
import {
  aggregateCluster,
  type ControlPlaneAddress,
  controlPlaneCluster,
  controlPlaneTls,
  HEALTH_CLUSTER,
  IDENTITY_CLUSTER,
  JOIN_CLUSTER,
  XDS_CLUSTER,
} from "./control-plane-cluster.js";
import { type JoinCredential, joiningBy } from "./join-credential.js";
import { bootstrapListeners, buildAdminCluster } from "./listeners.js";
import { bootstrapMetrics } from "./metrics.js";
import { buildNode, type NodeOptions } from "./node.js";
import { bootstrapStatistics } from "./statistics.js";

/** An address to listen on, or to ask. */
export interface SocketAddress {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

/** How a proxy reaches its control plane. Over plaintext it is given no secrets. */
export type ControlPlaneConnection =
  | { readonly transport: "plaintext"; readonly host: string; readonly port: number }
  | ({ readonly transport: "tls" } & JoinCredential & ControlPlaneAddress);

/** What a bootstrap is made of. */
export interface BootstrapOptions {
  readonly node: NodeOptions;
  readonly controlPlane: ControlPlaneConnection;
  /** How resources are asked for: what changed, or all of a type each time. `delta` when absent. */
  readonly protocol?: "delta" | "state-of-the-world";
  /** Envoy's admin interface; 127.0.0.1:15000 when absent. */
  readonly admin?: SocketAddress;
  /** Where `/healthz/ready` is; 0.0.0.0:15021 when absent. */
  readonly status?: SocketAddress;
  /** Where `/stats/prometheus` is; 0.0.0.0:15090 when absent. */
  readonly metrics?: SocketAddress;
  /** DNS servers to ask instead of the system's. */
  readonly dnsResolvers?: readonly SocketAddress[];
  /** How many connections it takes before it refuses more; 50,000 when absent. */
  readonly maxDownstreamConnections?: number;
  /** Seconds between two flushes of its statistics; 5, Envoy's own, when absent. */
  readonly statsFlushIntervalSeconds?: number;
  /**
   * It makes Istio's metrics: under their own names, and those of workloads that are called no more are forgotten. Costs it
   * some 14 MiB.
   */
  readonly makesMetrics?: boolean;
  /** What is asked of its statistics; it keeps all of them when absent. */
  readonly statistics?: ProxyStatistics;
}

/** A message of type envoy.config.bootstrap.v3.Bootstrap in canonical protobuf JSON. */
export type Bootstrap = Readonly<Record<string, unknown>>;

const DEFAULT_MAX_CONNECTIONS = 50_000;
const DEFAULT_STATS_FLUSH_SECONDS = 5;

/** The complete bootstrap. The same options give the same bytes. */
export function buildBootstrap(options: BootstrapOptions): Bootstrap {
  const admin = options.admin ?? { address: "127.0.0.1", port: 15000 };
  const status = options.status ?? { address: "0.0.0.0", port: STATUS_PORT };
  const metrics = options.metrics ?? { address: "0.0.0.0", port: METRICS_PORT };
  const flushSeconds = options.statsFlushIntervalSeconds ?? DEFAULT_STATS_FLUSH_SECONDS;
  const { controlPlane } = options;
  const checks = checksHealth(options);
  return {
    node: buildNode(options.node, { controlPlane, admin, status, metrics }),
    admin: { address: socketAddress(admin), ignoreGlobalConnLimit: true },
    dynamicResources: dynamicResources(options.protocol ?? "delta"),
    staticResources: {
      listeners: bootstrapListeners(status, metrics),
      clusters: [
        buildAdminCluster(admin),
        ...controlPlaneClusters(controlPlane),
        ...(checks ? [aggregateCluster(HEALTH_CLUSTER, [IDENTITY_CLUSTER])] : []),
      ],
      ...secretsOf(controlPlane),
    },
    ...(checks ? { hdsConfig: healthDiscovery() } : {}),
    layeredRuntime: layeredRuntime(),
    overloadManager: overloadManager(options.maxDownstreamConnections ?? DEFAULT_MAX_CONNECTIONS),
    ...bootstrapStatistics(options.statistics ?? {}, options.node.addresses),
    statsFlushInterval: `${flushSeconds}s`,
    ...(options.makesMetrics === true ? bootstrapMetrics(flushSeconds) : {}),
    ...dnsResolver(options.dnsResolvers ?? []),
  };
}

function dynamicResources(protocol: "delta" | "state-of-the-world"): object {
  return {
    adsConfig: {
      apiType: protocol === "delta" ? "DELTA_GRPC" : "GRPC",
      transportApiVersion: "V3",
      setNodeOnFirstMessageOnly: true,
      grpcServices: [
        {
          envoyGrpc: {
            clusterName: XDS_CLUSTER,
            // A control plane that was restarted is soon asked again, by all of its proxies but not all at once.
            retryPolicy: { retryBackOff: { baseInterval: "0.2s", maxInterval: "3s" } },
          },
        },
      ],
    },
    ldsConfig: adsSource(),
    cdsConfig: adsSource(),
  };
}

/**
 * Whether it checks the application beside it for a WorkloadGroup, which may have a probe now or later. Only who proved to be
 * a workload's proxy can say how that is.
 */
const checksHealth = ({ node, controlPlane }: BootstrapOptions): boolean =>
  controlPlane.transport === "tls" && (node.metadata?.[GROUP_METADATA] ?? "") !== "";

/** By the certificate alone: the token may be good for one stream, and that is the other one. */
function healthDiscovery(): object {
  return {
    apiType: "GRPC",
    transportApiVersion: "V3",
    grpcServices: [{ envoyGrpc: { clusterName: HEALTH_CLUSTER } }],
  };
}

function controlPlaneClusters(controlPlane: ControlPlaneConnection): readonly ClusterJson[] {
  if (controlPlane.transport === "plaintext") {
    return [controlPlaneCluster(XDS_CLUSTER, controlPlane)];
  }
  const { tls, filters } = joiningBy(controlPlane);
  return [
    aggregateCluster(XDS_CLUSTER, [IDENTITY_CLUSTER, JOIN_CLUSTER], filters),
    controlPlaneCluster(JOIN_CLUSTER, controlPlane, controlPlaneTls(controlPlane, tls)),
  ];
}

function secretsOf(controlPlane: ControlPlaneConnection): { secrets?: readonly SecretJson[] } {
  if (controlPlane.transport === "plaintext") return {};
  const { secrets } = joiningBy(controlPlane);
  return secrets.length === 0 ? {} : { secrets };
}

function layeredRuntime(): object {
  return {
    layers: [
      {
        name: "global config",
        staticLayer: {
          // Istio's: regular expressions of users are larger than Envoy's default of 100 allows.
          "re2.max_program_size.error_level": 32768,
          // Istio's: a fragment in a path is cut off rather than refused.
          "envoy.reloadable_features.http_reject_path_with_fragment": false,
        },
      },
      { name: "admin", adminLayer: {} },
    ],
  };
}

function overloadManager(maxConnections: number): object {
  return {
    resourceMonitors: [
      {
        name: "envoy.resource_monitors.global_downstream_max_connections",
        typedConfig: any(
          "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
          { maxActiveDownstreamConnections: String(maxConnections) },
        ),
      },
    ],
  };
}

function dnsResolver(resolvers: readonly SocketAddress[]): object {
  if (resolvers.length === 0) return {};
  return {
    typedDnsResolverConfig: {
      name: "envoy.network.dns_resolver.cares",
      typedConfig: any("envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig", {
        resolvers: resolvers.map(socketAddress),
        dnsResolverOptions: { noDefaultSearchDomain: true },
      }),
    },
  };
}

function socketAddress({ address, port }: SocketAddress): AddressJson {
  return { socketAddress: { address, portValue: port } };
}
