/** The instances of applications, and what labels and Pods say of them. */
import { isDeepStrictEqual } from "node:util";
import type { PodSpec } from "../../config/kinds/kubernetes/pod-template.js";
import type { WorkloadEntrySpec } from "../../config/kinds/networking/workload-entry.js";
import { UNIX_PREFIX } from "../../config/kinds/value/addresses.js";
import { isIpAddress } from "../../config/kinds/value/dns-names.js";
import type { ResourceOf } from "../../config/kinds.js";
import { NODE_METADATA } from "../../config/node-metadata.js";
import { type ResourceRef, refOf } from "../../config/resource.js";
import type { Labels } from "../labels.js";
import type { Proxy } from "../proxy/proxy.js";
import type { Health } from "./health-probe.js";
import { localityOfLabels } from "./locality.js";

/** One instance of an application, whatever told us of it: a Pod, a WorkloadEntry, an EndpointSlice, or its own proxy. */
export interface Workload {
  readonly name: string;
  /** What it is a replica of, such as a Deployment; itself when absent. */
  readonly workloadName?: string;
  readonly namespace: string;
  /** An IP address, a DNS name, or `unix://PATH`. */
  readonly address: string;
  readonly labels: Labels;
  readonly serviceAccount: string;
  /** `region/zone/subzone`; empty parts are unknown. */
  readonly locality: string;
  readonly network: string;
  /** The name of the machine that it is on; unknown, unless its labels say it, when absent. */
  readonly node?: string;
  readonly weight: number;
  /** Ports of its own for a service's port of that name; they win over the service's target port. */
  readonly ports: Readonly<Record<string, number>>;
  /** It serves none but these ports. */
  readonly noOtherPorts?: boolean;
  /** Ports by their own name, to which a service's target port may refer: of containers, or those of an entry. */
  readonly namedPorts: Readonly<Record<string, number>>;
  readonly ready: boolean;
  /** What is known of the application's health, of one whose group has a probe: nothing was said yet when absent. */
  readonly health?: Health;
  /** Whether a proxy of the mesh takes its traffic, so that mutual TLS reaches it. */
  readonly meshTls: boolean;
  /** What says that it is there; of one that registered itself what says the rest of it, if anything does. */
  readonly source: ResourceRef | undefined;
}

/** What says on which ports a workload is reached. */
export type WorkloadPorts = Pick<Workload, "ports" | "noOtherPorts" | "namedPorts">;

/** Whether two workloads are reached on the same ports. */
export function samePorts(a: WorkloadPorts, b: WorkloadPorts): boolean {
  return (
    a.noOtherPorts === b.noOtherPorts &&
    isDeepStrictEqual(a.ports, b.ports) &&
    isDeepStrictEqual(a.namedPorts, b.namedPorts)
  );
}

/** Whether a workload can be called as it is: by an IP address or a socket, not by a name that has to be looked up. */
export const hasAddress = ({ address }: Pick<Workload, "address">): boolean =>
  isIpAddress(address) || address.startsWith(UNIX_PREFIX);

/** The label by which Istio marks workloads that have a sidecar: `istio` or `disabled`. */
export const TLS_MODE_LABEL = "security.istio.io/tlsMode";
/** The label by which a workload says which node it is on: on Kubernetes' nodes it is their name. */
export const NODE_LABEL = "kubernetes.io/hostname";
/** The first cluster, by Istio's name: that of all of fairlead's workloads. */
export const CLUSTER = "Kubernetes";
/** The label by which a workload, or a Service that is a way into one, names its network. */
export const NETWORK_LABEL = "topology.istio.io/network";

/** What is known of a node: its name, unless that is empty. */
export function knownNode(node: string | undefined): Pick<Workload, "node"> {
  return node === undefined || node === "" ? {} : { node };
}

function isReady(pod: ResourceOf<"Pod">): boolean {
  const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready");
  return ready === undefined || ready.status === "True";
}

/** The ports of the containers of a pod that have names. */
export function namedPorts(spec: PodSpec | undefined): Readonly<Record<string, number>> {
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  return Object.fromEntries(
    ports.flatMap((port) => (port.name === undefined ? [] : [[port.name, port.containerPort]])),
  );
}

/**
 * What a pod is a replica of: what controls it. A Deployment controls ReplicaSets, which have its name and a hash that their
 * pods' labels have. See Istio, GetDeployMetaFromPod.
 */
function replicaOf({
  controller,
  labels,
}: ResourceOf<"Pod">["metadata"]): Pick<Workload, "workloadName"> {
  if (controller === undefined) return {};
  const { kind, name } = controller;
  const suffix = `-${labels["pod-template-hash"] ?? ""}`;
  const isHashed = kind === "ReplicaSet" && name.endsWith(suffix);
  return { workloadName: isHashed ? name.slice(0, -suffix.length) : name };
}

/** The workload of a Pod; undefined while it has no address or has ended. */
export function podWorkload(pod: ResourceOf<"Pod">): Workload | undefined {
  const { labels, name, namespace } = pod.metadata;
  const address = pod.status?.podIP ?? pod.status?.podIPs?.[0]?.ip ?? "";
  const ended = pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
  if (address === "" || ended) return undefined;
  return {
    name,
    ...replicaOf(pod.metadata),
    namespace,
    address,
    labels,
    serviceAccount: pod.spec.serviceAccountName ?? pod.spec.serviceAccount ?? "default",
    locality: localityOfLabels(labels),
    network: labels[NETWORK_LABEL] ?? "",
    ...knownNode(pod.spec.nodeName),
    weight: 1,
    ports: {},
    namedPorts: namedPorts(pod.spec),
    ready: isReady(pod),
    meshTls: labels[TLS_MODE_LABEL] === "istio",
    source: refOf(pod),
  };
}

/** Where the workload of an entry is: where the entry says, else where its labels do. */
export function placeOfEntry(
  { locality = "", network = "" }: Pick<WorkloadEntrySpec, "locality" | "network">,
  labels: Labels,
): Pick<Workload, "locality" | "network"> {
  return {
    locality: locality === "" ? localityOfLabels(labels) : locality,
    network: network === "" ? (labels[NETWORK_LABEL] ?? "") : network,
  };
}

/** The workload of a WorkloadEntry. A service account says that a sidecar is there, unless the label says otherwise. */
export function entryWorkload(entry: ResourceOf<"WorkloadEntry">): Workload | undefined {
  const { spec, metadata } = entry;
  const labels = { ...metadata.labels, ...spec.labels };
  if (spec.address === undefined || spec.address === "") return undefined;
  const mode = labels[TLS_MODE_LABEL];
  const account = spec.serviceAccount ?? "";
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    address: spec.address,
    labels,
    serviceAccount: account,
    ...placeOfEntry(spec, labels),
    weight: Math.max(1, spec.weight ?? 1),
    ports: spec.ports ?? {},
    namedPorts: spec.ports ?? {},
    ready: true,
    meshTls: mode === undefined ? account !== "" : mode === "istio",
    source: refOf(entry),
  };
}

/** What a Deployment or the like says of the workloads that are of its name. */
export interface DeclaredWorkload {
  /** Of its containers. */
  readonly namedPorts: Readonly<Record<string, number>>;
  readonly source: ResourceRef;
}

/** The workload of a proxy that no Pod or WorkloadEntry describes: it registered itself by connecting. */
export function proxyWorkload(proxy: Proxy, declared: DeclaredWorkload | undefined): Workload {
  const { name, workloadName } = proxy;
  return {
    name,
    ...(workloadName === name ? {} : { workloadName }),
    namespace: proxy.namespace,
    address: proxy.address,
    labels: proxy.labels,
    serviceAccount: proxy.serviceAccount,
    locality: proxy.locality,
    network: proxy.network,
    ...knownNode(proxy.metadata[NODE_METADATA]),
    weight: 1,
    ports: {},
    namedPorts: declared?.namedPorts ?? {},
    ready: true,
    // A gateway takes what its Gateways say, and that is mutual TLS of the mesh only where they do. See Istio's injection.
    meshTls: proxy.type === "sidecar",
    source: declared?.source,
  };
}
