/** The hosts of the mesh with their ports, and the endpoints that each has. */
import { type Labels, selects } from "../routing/objects.js";
import type { Endpoint, Pod, Service, ServiceEntry, WorkloadEntry, World } from "./objects.js";

/** What a port carries. "Protocol Selection": that of its name, or of its own field; "detected" where neither says one. */
export type Protocol = "http" | "http2" | "tcp" | "tls" | "detected";

export interface HostPort {
  readonly name: string;
  readonly number: number;
  readonly targetPort: number;
  readonly protocol: Protocol;
}

/** One that answers calls, on whatever ports. */
export interface Instance {
  readonly namespace: string;
  readonly address: string;
  readonly labels: Labels;
  readonly locality: string;
  readonly weight: number;
  readonly network: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly serviceAccount: string;
  /** A sidecar takes what comes to it, so that it can take mutual TLS. */
  readonly hasSidecar: boolean;
}

export interface Host {
  readonly hostname: string;
  readonly namespace: string;
  readonly ports: readonly HostPort[];
  readonly instances: readonly Instance[];
  readonly isExternal: boolean;
  readonly resolution: ServiceEntry["spec"]["resolution"];
  readonly isService: boolean;
  readonly sessionAffinity: boolean;
  readonly trafficDistribution: string;
  readonly subjectAltNames: readonly string[];
}

const WORDS: Readonly<Record<string, Protocol>> = {
  http: "http",
  http2: "http2",
  grpc: "http2",
  tcp: "tcp",
  tls: "tls",
  https: "tls",
};

const protocolOf = (name: string): Protocol =>
  WORDS[name.toLowerCase().split("-")[0] ?? ""] ?? "detected";

const TLS_MODE = "security.istio.io/tlsMode";

function ofPod({ metadata, spec, status }: Pod): Instance {
  const { namespace, labels } = metadata;
  return {
    namespace,
    address: status.podIP,
    labels,
    locality: localityOf(labels),
    weight: 1,
    network: "",
    ports: {},
    serviceAccount: spec.serviceAccountName,
    hasSidecar: labels[TLS_MODE] === "istio",
  };
}

/** "Locality Load Balancing": that of the node of a pod, which its labels say here. */
function localityOf(labels: Labels): string {
  const { "topology.kubernetes.io/region": region = "", "topology.kubernetes.io/zone": zone = "" } =
    labels;
  return zone === "" ? region : `${region}/${zone}`;
}

/** A service account says that a sidecar is there, unless the label says otherwise. */
function ofEndpoint(endpoint: Endpoint, namespace: string, isExternal: boolean): Instance {
  const { labels = {}, serviceAccount = "", locality = "", weight = 0 } = endpoint;
  const mode = labels[TLS_MODE];
  const hasSidecar = mode === undefined ? serviceAccount !== "" : mode === "istio";
  return {
    namespace,
    address: endpoint.address,
    labels,
    locality: locality === "" ? localityOf(labels) : locality,
    // 0 is nothing said.
    weight: Math.max(1, weight),
    network: endpoint.network ?? "",
    ports: endpoint.ports ?? {},
    serviceAccount,
    hasSidecar: hasSidecar && !isExternal,
  };
}

const ofEntry = ({ metadata, spec }: WorkloadEntry): Instance =>
  ofEndpoint(
    { ...spec, labels: { ...metadata.labels, ...spec.labels } },
    metadata.namespace,
    false,
  );

/** All that a selector finds in a namespace. */
function selected({ pods, workloadEntries }: World, selector: Labels, own: string): Instance[] {
  return [...pods.map(ofPod), ...workloadEntries.map(ofEntry)].filter(
    ({ namespace, labels }) => namespace === own && selects(selector, labels),
  );
}

function ofService(world: World, { metadata, spec }: Service): Host {
  return {
    hostname: `${metadata.name}.${metadata.namespace}.svc.cluster.local`,
    namespace: metadata.namespace,
    ports: spec.ports.map(({ name, port, targetPort }) => ({
      name,
      number: port,
      targetPort,
      protocol: protocolOf(name),
    })),
    instances: selected(world, spec.selector, metadata.namespace),
    isExternal: false,
    resolution: "STATIC",
    isService: true,
    sessionAffinity: spec.sessionAffinity === "ClientIP",
    trafficDistribution: spec.trafficDistribution ?? "",
    subjectAltNames: [],
  };
}

function ofServiceEntry(world: World, { metadata, spec }: ServiceEntry): Host {
  const { hosts, resolution, workloadSelector, endpoints = [] } = spec;
  const [hostname] = hosts;
  const isExternal = spec.location !== "MESH_INTERNAL";
  const listed = endpoints.map((one) => ofEndpoint(one, metadata.namespace, isExternal));
  const isItself = resolution !== "STATIC" && listed.length === 0;
  const itself = isItself ? [ofEndpoint({ address: hostname }, metadata.namespace, true)] : listed;
  return {
    hostname,
    namespace: metadata.namespace,
    ports: spec.ports.map(({ name, number, protocol, targetPort = number }) => ({
      name,
      number,
      targetPort,
      protocol: protocolOf(protocol),
    })),
    instances:
      workloadSelector === undefined
        ? itself
        : selected(world, workloadSelector.labels, metadata.namespace),
    isExternal,
    resolution,
    isService: false,
    sessionAffinity: false,
    trafficDistribution: "",
    subjectAltNames: spec.subjectAltNames ?? [],
  };
}

/** The hosts of a mesh. */
export const hostsOf = (world: World): readonly Host[] => [
  ...world.services.map((one) => ofService(world, one)),
  ...world.serviceEntries.map((one) => ofServiceEntry(world, one)),
];

/** The port of an instance for that of its host: its own of that name, else the port's target. */
export const portOf = ({ ports }: Instance, { name, targetPort }: HostPort): number =>
  ports[name] ?? targetPort;
