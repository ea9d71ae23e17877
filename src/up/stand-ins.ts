/** The hosts outside the mesh for which a server on this machine stands in. */
import { endpointPort, type ServiceEntryPort } from "../config/kinds/service-entry.js";
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
  /** A wildcard where each name is looked up when it is called. */
  readonly host: string;
  readonly ports: readonly ExternalPort[];
}

const DYNAMIC = "DYNAMIC_DNS";
const BY_DNS: ReadonlySet<string> = new Set(["DNS", "DNS_ROUND_ROBIN", DYNAMIC]);

/** The hosts that ServiceEntries place outside the mesh and have looked up by DNS, sorted. */
export function externalHosts(tables: ResourceTables): readonly ExternalHost[] {
  const ports = new Map<string, readonly ExternalPort[]>();
  for (const { spec } of declared(tables.ServiceEntry)) {
    const external = (spec.location ?? "MESH_EXTERNAL") === "MESH_EXTERNAL";
    if (!external || !BY_DNS.has(spec.resolution ?? "NONE")) continue;
    const isLookedUp = (name: string): boolean =>
      spec.resolution === DYNAMIC || !name.includes("*");
    for (const host of spec.hosts.filter(isLookedUp)) {
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
