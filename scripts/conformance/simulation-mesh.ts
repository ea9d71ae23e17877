/** The mesh of a simulated case, and what its proxy is sent. */
import { dump, loadAll } from "js-yaml";
import { createDiscovery } from "../../src/app/discovery.js";
import { Table } from "../../src/base/table/table.js";
import { parseOffline } from "../../src/config/parse-offline.js";
import type { Encoder } from "../../src/envoy/resource/encoder.js";
import type { ResourceSets } from "../../src/envoy/resource/resource-set.js";
import { parseNode } from "../../src/mesh/proxy/proxy.js";
import type { ModelInstance, ModelService, SimulationCase } from "./simulation-case.js";

/** When everything was made that does not say so: later than all that does. */
const NOW = "2026-01-01T00:00:00Z";

type Document = Readonly<Record<string, unknown>>;

/** What the proxy of a case is sent, with the mistakes of the case's configuration. */
export interface SimulatedProxy {
  readonly sets: ResourceSets;
  readonly errors: readonly string[];
}

/** Builds the mesh of a case. */
export function simulatedProxy(
  { proxy: { ipAddresses, labels, metadata, suggestedNodeId }, ...given }: SimulationCase,
  encoder: Encoder,
): SimulatedProxy {
  const snapshot = parseOffline([{ path: "case.yaml", text: documentsOf(given) }]);
  const proxy = parseNode({
    id: suggestedNodeId,
    metadata: { LABELS: labels ?? {}, INSTANCE_IPS: ipAddresses.join(","), ...metadata },
  });
  if ("invalid" in proxy) throw new Error(proxy.invalid);
  const discovery = createDiscovery(encoder, snapshot);
  discovery.update({ snapshot, proxies: Table.from([[proxy.id, proxy]]), standIns: [] });
  return {
    sets: discovery.resourcesOf({ proxy, controlPlane: undefined }),
    errors: snapshot.diagnostics
      .filter(({ severity }) => severity === "error")
      .map(({ message }) => message),
  };
}

function documentsOf(given: Omit<SimulationCase, "proxy">): string {
  const documents = [
    ...documentsIn(given.config),
    ...documentsIn(given.kubeConfig),
    ...given.configObjects,
    ...(given.services ?? []).flatMap((service) =>
      serviceDocuments(service, given.instances ?? []),
    ),
    ...meshConfig(given.meshConfigOverrides),
  ];
  return documents.map((document) => dump(dated(document))).join("---\n");
}

function documentsIn(text: string): readonly Document[] {
  return loadAll(text).filter(
    (document): document is Document => typeof document === "object" && document !== null,
  );
}

function dated(document: Document): Document {
  const metadata = document["metadata"] as Document | undefined;
  const made: unknown = metadata?.["creationTimestamp"] ?? NOW;
  const creationTimestamp = made instanceof Date ? made.toISOString() : made;
  return { ...document, metadata: { ...metadata, creationTimestamp } };
}

/** A service of the judge's own model, as Kubernetes would have it. */
function serviceDocuments(
  { Hostname: hostname, DefaultAddress: clusterIP, Ports: ports }: ModelService,
  instances: readonly ModelInstance[],
): readonly Document[] {
  const [name = "", namespace = ""] = hostname.split(".");
  const own = instances.filter(({ Service }) => Service.Hostname === hostname);
  const slices = own.map(({ Endpoint: endpoint }, i) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${name}-${i}`,
      namespace,
      labels: { "kubernetes.io/service-name": name },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: endpoint.Addresses }],
    ports: [{ name: endpoint.ServicePortName, port: endpoint.EndpointPort }],
  }));
  const servicePorts = ports.map(({ Name, Port, Protocol }) => ({
    name: Name,
    port: Port,
    appProtocol: Protocol.toLowerCase(),
  }));
  const spec = { clusterIP, ports: servicePorts };
  return [{ apiVersion: "v1", kind: "Service", metadata: { name, namespace }, spec }, ...slices];
}

function meshConfig(overrides: Document): readonly Document[] {
  if (Object.keys(overrides).length === 0) return [];
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "istio", namespace: "istio-system" },
      data: { mesh: dump(overrides) },
    },
  ];
}
