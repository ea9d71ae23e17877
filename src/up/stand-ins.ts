/** The hosts outside the mesh for which a server on this machine stands in. */
import {
  endpointPort,
  type ServiceEntryPort,
  type ServiceEntrySpec,
} from "../config/kinds/service-entry.js";
import type { ResourceTables } from "../config/snapshot.js";
import { type Protocol, parseProtocol } from "../mesh/protocol.js";
import { declared } from "./made.js";

/** A port of a host outside the mesh. */
export interface ExternalPort {
  /** The one that clients in the mesh name. */
  readonly number: number;
  /** The one that the host itself has. */
  readonly targetPort: number;
  readonly protocol: Protocol;
}

/** A host outside the mesh, as ServiceEntries declare it. */
export interface ExternalHost {
  /** A wildcard where nobody looks a name up before it is called. */
  readonly host: string;
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

/** The hosts that ServiceEntries place outside the mesh and that are called by their names, sorted. */
export function externalHosts(tables: ResourceTables): readonly ExternalHost[] {
  const ports = new Map<string, readonly ExternalPort[]>();
  for (const { spec } of declared(tables.ServiceEntry)) {
    if ((spec.location ?? "MESH_EXTERNAL") !== "MESH_EXTERNAL") continue;
    for (const host of spec.hosts.filter((name) => isCalledByName(spec, name))) {
      ports.set(host, [...(ports.get(host) ?? []), ...(spec.ports ?? []).map(externalPort)]);
    }
  }
  return [...ports]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([host, all]) => ({ host, ports: firstOfEach(all) }));
}

function externalPort(port: ServiceEntryPort): ExternalPort {
  const { number, protocol } = port;
  return { number, targetPort: endpointPort(port), protocol: parseProtocol(protocol) };
}

/** The first entry that declares a port decides what it is. */
function firstOfEach(ports: readonly ExternalPort[]): readonly ExternalPort[] {
  return ports.filter((port, i) => ports.findIndex(({ number }) => number === port.number) === i);
}
