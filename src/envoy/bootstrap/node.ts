/** Who a proxy says that it is: Envoy's node, with Istio's metadata. */
import { byKey } from "../../base/text/compare-text.js";
import { formatHostPort } from "../../base/text/host-port.js";
import { METADATA_PREFIX } from "../../config/kinds/networking/unapplied-metadata.js";
import {
  CANONICAL_NAME,
  CANONICAL_REVISION,
} from "../../config/kinds/telemetry/canonical-labels.js";
import type { ServiceNaming, ToldSettings } from "../../config/mesh-config/mesh-config-schema.js";
import type { LocalityJson } from "../api.js";
import { type ControlPlaneAddress, IDENTITY_CLUSTER } from "./control-plane-cluster.js";

/** The Istio whose API fairlead speaks; istioctl shows it as a proxy's version. */
export const ISTIO_VERSION = "1.29.6";

/** The metadata of a sidecar that is sent the hosts that it calls when it first calls them, and no others. */
export const ON_DEMAND_METADATA: Readonly<Record<string, string>> = {
  ON_DEMAND_DISCOVERY: "true",
};

/** What is not said of a workload. */
const CLUSTER_ID = "Kubernetes";
const MESH_ID = "cluster.local";
const INTERCEPTION_MODE = "REDIRECT";

/** A workload as its proxy announces it. */
export interface NodeOptions {
  readonly type: "sidecar" | "router";
  /** The pod's name. */
  readonly name: string;
  readonly namespace: string;
  /** The IP addresses by which others reach it, the main one first; never empty. */
  readonly addresses: readonly string[];
  readonly serviceAccount: string;
  /** The name of what it is a replica of, such as a Deployment; the pod's name when absent. */
  readonly workloadName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly locality?: {
    readonly region: string;
    readonly zone?: string;
    readonly subZone?: string;
  };
  /** How connections reach it; REDIRECT when absent. */
  readonly interceptionMode?: "REDIRECT" | "NONE";
  /** It may not bind ports below 1024. */
  readonly unprivileged?: boolean;
  /** More metadata; what is said otherwise already is not said by it. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What of its settings is its own; the rest is as the mesh's configuration says. */
  readonly settings?: ToldSettings;
  /** How its service is called; by its label `app` when absent. */
  readonly naming?: ServiceNaming;
  /** Mode NONE: the address on which the application itself listens; 127.0.0.1 when absent. */
  readonly appAddress?: string;
  /** Mode NONE: the address on which listeners for calls to others are bound; 127.0.0.1 when absent. */
  readonly egressAddress?: string;
  /** `Kubernetes` when absent, Istio's name for the first cluster. */
  readonly clusterId?: string;
  /** `cluster.local` when absent. */
  readonly meshId?: string;
  /** `cluster.local` when absent. */
  readonly dnsDomain?: string;
}

/** What the node tells about the rest of its bootstrap. */
export interface NodeSurroundings {
  readonly controlPlane:
    | { readonly transport: "plaintext"; readonly host: string; readonly port: number }
    | ({ readonly transport: "tls" } & ControlPlaneAddress);
  readonly admin: { readonly port: number };
  readonly status: { readonly port: number };
  readonly metrics: { readonly port: number };
}

/** A node of type envoy.config.core.v3.Node. */
export interface BootstrapNode {
  readonly id: string;
  readonly cluster: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly locality?: LocalityJson;
}

/** The node, with the metadata that Istio's agent would set and istiod reads. */
export function buildNode(options: NodeOptions, surroundings: NodeSurroundings): BootstrapNode {
  const { type, name, namespace, addresses, locality } = options;
  const domain = `${namespace}.svc.${options.dnsDomain ?? "cluster.local"}`;
  return {
    id: `${type}~${addresses[0] ?? ""}~${name}.${namespace}~${domain}`,
    cluster: serviceOf(options),
    metadata: metadataOf(options, surroundings),
    ...(locality === undefined ? {} : { locality }),
  };
}

/**
 * The variables of an Envoy's environment: those by which its tracers say whose spans they report, as proxies share listeners,
 * so that these cannot say it; and those that Istio's proxies have, for logs and tags that name them. What cannot stand in an
 * environment is left out. See Istio, the template of the injected sidecar.
 */
export function proxyEnvironment(node: NodeOptions): Readonly<Record<string, string>> {
  const service = serviceOf(node);
  const metadata = {
    ...node.metadata,
    CLUSTER_ID: node.clusterId ?? CLUSTER_ID,
    INTERCEPTION_MODE: node.interceptionMode ?? INTERCEPTION_MODE,
    MESH_ID: node.meshId ?? MESH_ID,
    WORKLOAD_NAME: node.workloadName ?? node.name,
  };
  const variables = {
    OTEL_RESOURCE_ATTRIBUTES: `service.name=${service}`,
    DD_SERVICE: service,
    POD_NAME: node.name,
    POD_NAMESPACE: node.namespace,
    INSTANCE_IP: node.addresses[0] ?? "",
    SERVICE_ACCOUNT: node.serviceAccount,
    ...Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [`${METADATA_PREFIX}${name}`, value]),
    ),
  };
  return Object.fromEntries(
    Object.entries(variables).filter((variable) => !variable.join("").includes("\0")),
  );
}

/** What a service is called of which nobody said that it is called otherwise. */
const UNNAMED = "istio-proxy";

/** What the proxy's service is called by who watches it. See Istio, bootstrap.getServiceCluster. */
function serviceOf({ workloadName, name, namespace, labels = {}, naming }: NodeOptions): string {
  const { serviceCluster = UNNAMED, tracingServiceName } = naming ?? {};
  if (serviceCluster !== UNNAMED) return serviceCluster;
  const { [CANONICAL_NAME]: canonical = "" } = withCanonicalLabels(labels, workloadName ?? name);
  if (tracingServiceName === "CANONICAL_NAME_ONLY") return canonical;
  if (tracingServiceName === "CANONICAL_NAME_AND_NAMESPACE") return `${canonical}.${namespace}`;
  return `${labels["app"] ?? workloadName ?? name}.${namespace}`;
}

function metadataOf(
  options: NodeOptions,
  surroundings: NodeSurroundings,
): BootstrapNode["metadata"] {
  const { controlPlane, admin, status, metrics } = surroundings;
  const mode = options.interceptionMode ?? INTERCEPTION_MODE;
  const workloadName = options.workloadName ?? options.name;
  return {
    ...options.metadata,
    CLUSTER_ID: options.clusterId ?? CLUSTER_ID,
    ENVOY_PROMETHEUS_PORT: metrics.port,
    ENVOY_STATUS_PORT: status.port,
    INSTANCE_IPS: options.addresses.join(","),
    INTERCEPTION_MODE: mode,
    ISTIO_VERSION,
    LABELS: withCanonicalLabels(options.labels ?? {}, workloadName),
    MESH_ID: options.meshId ?? MESH_ID,
    NAME: options.name,
    NAMESPACE: options.namespace,
    PROXY_CONFIG: {
      controlPlaneAuthPolicy: controlPlane.transport === "tls" ? "MUTUAL_TLS" : "NONE",
      discoveryAddress: formatHostPort(controlPlane),
      drainDuration: "45s",
      ...options.settings,
      proxyAdminPort: admin.port,
      serviceCluster: "istio-proxy",
      statNameLength: 189,
      statusPort: status.port,
      terminationDrainDuration: "5s",
    },
    SERVICE_ACCOUNT: options.serviceAccount,
    WORKLOAD_NAME: workloadName,
    ...(options.unprivileged === true ? { UNPRIVILEGED_POD: "true" } : {}),
    ...(controlPlane.transport === "tls"
      ? { IDENTITY_CLUSTER, PILOT_SAN: [controlPlane.subjectAltName] }
      : {}),
    ...(mode === "NONE"
      ? {
          APP_ADDRESS: options.appAddress ?? "127.0.0.1",
          EGRESS_ADDRESS: options.egressAddress ?? "127.0.0.1",
        }
      : {}),
  };
}

/** The labels with those by which telemetry names a service, as Istio's injector adds them; sorted by name. */
export function withCanonicalLabels(
  labels: Readonly<Record<string, string>>,
  workloadName: string,
): Readonly<Record<string, string>> {
  const first = (...names: readonly string[]): string | undefined =>
    names.map((name) => labels[name]).find((value) => value !== undefined && value !== "");
  const all = {
    ...labels,
    [CANONICAL_NAME]: first(CANONICAL_NAME, "app.kubernetes.io/name", "app") ?? workloadName,
    [CANONICAL_REVISION]:
      first(CANONICAL_REVISION, "app.kubernetes.io/version", "version") ?? "latest",
  };
  return Object.fromEntries(Object.entries(all).sort(byKey));
}
