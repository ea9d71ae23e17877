/** The hosts outside the mesh for which a server on this machine stands in. */
import {
  endpointPort,
  type ServiceEntryPort,
  type ServiceEntrySpec,
} from "../../config/kinds/networking/service-entry.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { ResourceTables } from "../../config/snapshot.js";
import { DEFAULT_DOMAIN, serviceHostname } from "../../mesh/hostname.js";
import { kubernetesProtocol, type Protocol, parseProtocol } from "../../mesh/service/protocol.js";
import { declared } from "../made/made.js";
import { namesServices, serviceFinder } from "./named-services.js";

/** A port of a host outside the mesh. */
export interface ExternalPort {
  /** The one that clients in the mesh name. */
  readonly number: number;
  /** The one that the host itself has. */
  readonly targetPort: number;
  readonly protocol: Protocol;
}

/** A host outside the mesh, as ServiceEntries declare it, or as a Service of type ExternalName names it. */
export interface ExternalHost {
  /** By which it is called in the mesh: a wildcard where nobody looks a name up before it is called. */
  readonly host: string;
  /** Its own name: another one than the host of an ExternalName. */
  readonly name: string;
  readonly ports: readonly ExternalPort[];
}

const BY_DNS: ReadonlySet<string> = new Set(["DNS", "DNS_ROUND_ROBIN"]);

/**
 * Whether calls of a host go to where its name leads. With NONE they go to where the caller wanted: connections are not
 * captured here, so that is known of a host whose addresses are written alone, and of the others there is the name.
 */
function isCalledByName(
  { resolution = "NONE", addresses = [] }: ServiceEntrySpec,
  host: string,
): boolean {
  if (BY_DNS.has(resolution)) return !host.includes("*");
  return resolution === "DYNAMIC_DNS" || (resolution === "NONE" && addresses.length === 0);
}

/** The hosts outside the mesh that are called by their names, sorted. */
export function externalHosts(tables: ResourceTables): readonly ExternalHost[] {
  return [...registeredHosts(tables), ...namedHosts(tables)].sort(({ host: a }, { host: b }) =>
    a < b ? -1 : 1,
  );
}

/** Those that ServiceEntries place there. */
function registeredHosts(tables: ResourceTables): readonly ExternalHost[] {
  const ports = new Map<string, readonly ExternalPort[]>();
  const find = serviceFinder(tables);
  for (const { spec } of declared(tables.ServiceEntry)) {
    if ((spec.location ?? "MESH_EXTERNAL") !== "MESH_EXTERNAL") continue;
    if (namesServices(spec, find)) continue;
    for (const host of spec.hosts.filter((name) => isCalledByName(spec, name))) {
      ports.set(host, [...(ports.get(host) ?? []), ...(spec.ports ?? []).map(externalPort)]);
    }
  }
  return [...ports].map(([host, all]) => ({ host, name: host, ports: firstOfEach(all) }));
}

type KubernetesService = ResourceOf<"Service">;

/** Those that Services of type ExternalName name, which are called by the names of the Services. */
function namedHosts(tables: ResourceTables): readonly ExternalHost[] {
  const services = declared(tables.Service);
  const named = new Map(services.flatMap((one) => namedBy(one).map((name) => [hostOf(one), name])));
  // What names a host of the mesh is but another name of that.
  const inMesh = new Set([
    ...services.map(hostOf).filter((host) => !named.has(host)),
    ...declared(tables.ServiceEntry).flatMap(({ spec }) => spec.hosts),
  ]);
  return services.flatMap((service) => {
    const host = hostOf(service);
    const name = named.has(host) ? lastName(host, named) : undefined;
    const ports = (service.spec.ports ?? []).filter(({ protocol }) => protocol !== "UDP");
    return name === undefined || inMesh.has(name) || ports.length === 0
      ? []
      : [{ host, name, ports: ports.map(servicePort) }];
  });
}

const hostOf = ({ metadata }: KubernetesService): string =>
  serviceHostname(metadata.name, metadata.namespace, DEFAULT_DOMAIN);

const namedBy = ({ spec: { type, externalName = "" } }: KubernetesService): readonly string[] =>
  type === "ExternalName" && externalName !== "" ? [externalName] : [];

/** The name at the end, where one ExternalName names another; undefined when they name each other. */
function lastName(host: string, named: ReadonlyMap<string, string>): string | undefined {
  const seen = new Set<string>();
  let last = host;
  for (let next = named.get(host); next !== undefined; next = named.get(next)) {
    if (seen.has(next)) return undefined;
    seen.add(next);
    last = next;
  }
  return last;
}

/** As callers of an ExternalName reach it, whatever port of a pod the Service names. */
function servicePort(port: NonNullable<KubernetesService["spec"]["ports"]>[number]): ExternalPort {
  const { port: number, name, protocol: transport, appProtocol } = port;
  const protocol = kubernetesProtocol({ number, name, transport, appProtocol });
  return { number, targetPort: number, protocol };
}

function externalPort(port: ServiceEntryPort): ExternalPort {
  const { number, protocol } = port;
  return { number, targetPort: endpointPort(port), protocol: parseProtocol(protocol) };
}

/** The first entry that declares a port decides what it is. */
function firstOfEach(ports: readonly ExternalPort[]): readonly ExternalPort[] {
  return ports.filter((port, i) => ports.findIndex(({ number }) => number === port.number) === i);
}
