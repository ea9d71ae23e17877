/** Reads ServiceEntries as services. */
import { endpointPort } from "../../config/kinds/networking/service-entry.js";
import type { WorkloadEntrySpec } from "../../config/kinds/networking/workload-entry.js";
import type { ResourceOf } from "../../config/kinds.js";
import { refOf } from "../../config/resource.js";
import { parseExportTo } from "../../config/visibility.js";
import { isWildcard } from "../hostname.js";
import { placeOfEntry } from "../workload/workload.js";
import { distinctAddresses } from "./distinct-addresses.js";
import type { ServiceDefaults } from "./kubernetes-service.js";
import { parseProtocol } from "./protocol.js";
import type { Resolution, Service, ServicePort, StaticEndpoint } from "./service.js";
import { trafficDistribution } from "./traffic-distribution.js";

type ServiceEntry = ResourceOf<"ServiceEntry">;

const RESOLUTIONS: Readonly<Record<string, Resolution>> = {
  STATIC: "static",
  DNS: "dns",
  DNS_ROUND_ROBIN: "dns-round-robin",
  DYNAMIC_DNS: "dynamic-dns",
};

/** An endpoint as a ServiceEntry lists it. */
function staticEndpoint(entry: WorkloadEntrySpec): StaticEndpoint {
  const { labels = {} } = entry;
  return {
    address: entry.address ?? "",
    ports: entry.ports ?? {},
    labels,
    serviceAccount: entry.serviceAccount ?? "",
    ...placeOfEntry(entry, labels),
    weight: entry.weight,
  };
}

function portsOf({ spec }: ServiceEntry): readonly ServicePort[] {
  return (spec.ports ?? []).map((port, index) => ({
    number: port.number,
    name: port.name,
    protocol: parseProtocol(port.protocol ?? ""),
    targetPort: endpointPort(port),
    index,
  }));
}

/** Names that DNS is asked for need no endpoint of their own: the host is its own endpoint. */
function endpointsOf(spec: ServiceEntry["spec"], host: string, resolution: Resolution) {
  const listed = (spec.endpoints ?? []).map(staticEndpoint);
  const byName = resolution === "dns" || resolution === "dns-round-robin";
  return listed.length === 0 && byName && spec.workloadSelector === undefined && !isWildcard(host)
    ? [staticEndpoint({ address: host })]
    : listed;
}

/** An address; a block of just one is the address itself. */
function withoutWholeMask(address: string): string {
  return address.replace(address.includes(":") ? /\/128$/ : /\/32$/, "");
}

/** The services of a ServiceEntry, one for each of its hosts. See Istio, ServiceEntry. */
export function serviceEntryServices(
  resource: ServiceEntry,
  { exportTo, distributions }: ServiceDefaults,
): readonly Service[] {
  const { metadata, spec } = resource;
  const resolution = RESOLUTIONS[spec.resolution ?? "NONE"] ?? "none";
  // A host is the same in any case: so Istio has it in its tables of routes.
  const hosts = new Map(spec.hosts.map((name) => [name.toLowerCase(), name] as const));
  return [...hosts].map(([host, name]) => ({
    hostname: host,
    namespace: metadata.namespace,
    name,
    kubernetes: false,
    source: refOf(resource),
    creationTimestamp: metadata.creationTimestamp ?? "",
    addresses: distinctAddresses((spec.addresses ?? []).map(withoutWholeMask)),
    ports: portsOf(resource),
    resolution,
    external: spec.location !== "MESH_INTERNAL",
    selector: spec.workloadSelector?.labels,
    endpoints: endpointsOf(spec, host, resolution),
    exportTo: parseExportTo(spec.exportTo, metadata.namespace, exportTo),
    subjectAltNames: spec.subjectAltNames ?? [],
    distribution: trafficDistribution(
      metadata.annotations,
      distributions.get(metadata.namespace) ?? "any",
    ),
    publishNotReady: false,
    labels: metadata.labels,
  }));
}
