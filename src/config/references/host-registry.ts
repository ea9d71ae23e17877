import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { isSubsetOfHost } from "../kinds/value/dns-names.js";
import type { ResourceOf } from "../kinds.js";
import type { MeshConfig } from "../mesh-config/mesh-config.js";
import type { ResourceTables } from "../snapshot.js";
import { exportToOf, isVisible, parseExportTo, type Visibility } from "../visibility.js";
import { hostsOf, serviceKeyOf, serviceMeantBy } from "./host-names.js";

/** The hosts that there are, and who sees them. Another object only when these are others. */
export interface HostRegistry {
  /** The services, by `namespace/name`. */
  readonly services: Table<Visibility>;
  /** The hosts of the ServiceEntries, in lower case; wildcards are among them. */
  readonly entries: ReadonlyMap<string, readonly Visibility[]>;
  readonly wildcards: readonly string[];
}

/** The hosts of a ServiceEntry, and who sees them. */
interface EntryHosts {
  readonly hosts: readonly string[];
  readonly visibility: Visibility;
}

/** The hosts of some resources, found anew only for what changed. */
export function createHostRegistry(
  engine: Engine,
): (tables: ResourceTables, config: MeshConfig) => HostRegistry {
  const services = engine.derive("known services", exportedService, isDeepStrictEqual);
  const entries = engine.derive("known hosts", hostsOfEntry, isDeepStrictEqual);
  const registry = engine.memo("host registry", registryOf);
  return (tables, { defaultServiceExportTo }) => {
    const exportTo = defaultServiceExportTo.join(",");
    return registry(services([tables.Service], exportTo), entries([tables.ServiceEntry], exportTo));
  };
}

function exportedService(
  _key: string,
  [service]: readonly [ResourceOf<"Service"> | undefined],
  byDefault: string,
): Visibility | undefined {
  if (service === undefined) return undefined;
  const { namespace, annotations } = service.metadata;
  return parseExportTo(exportToOf(annotations), namespace, byDefault.split(","));
}

function hostsOfEntry(
  _key: string,
  [entry]: readonly [ResourceOf<"ServiceEntry"> | undefined],
  byDefault: string,
): EntryHosts | undefined {
  if (entry === undefined) return undefined;
  const { exportTo } = entry.spec;
  const hosts = entry.spec.hosts.map((host) => host.toLowerCase());
  const visibility = parseExportTo(exportTo, entry.metadata.namespace, byDefault.split(","));
  return { hosts, visibility };
}

function registryOf(services: Table<Visibility>, entryHosts: Table<EntryHosts>): HostRegistry {
  const entries = new Map<string, Visibility[]>();
  for (const { hosts, visibility } of entryHosts.values()) {
    for (const host of hosts) {
      const others = entries.get(host);
      if (others === undefined) entries.set(host, [visibility]);
      else others.push(visibility);
    }
  }
  return {
    services,
    entries,
    wildcards: [...entries.keys()].filter((host) => host.startsWith("*")),
  };
}

/** The host that a name in a resource of `namespace` stands for, if one of the viewers, or that namespace, sees one. */
export function findHost(
  registry: HostRegistry,
  name: string,
  namespace: string,
  viewers: readonly string[] = [namespace],
): string | undefined {
  return hostsOf(name, namespace).find((host) =>
    viewers.some((viewer) => isKnown(registry, host, viewer)),
  );
}

/**
 * The host of the service that somebody means who writes its name with that of its namespace, if that namespace's callers see it.
 * Applications may call it so, and resources may not.
 */
export function meantHost(
  registry: HostRegistry,
  name: string,
  namespace: string,
): string | undefined {
  const host = serviceMeantBy(name);
  return host !== undefined && isKnown(registry, host, namespace) ? host : undefined;
}

function isKnown(
  { services, entries, wildcards }: HostRegistry,
  host: string,
  from: string,
): boolean {
  const service = services.get(serviceKeyOf(host) ?? "");
  if (service !== undefined && isVisible(service, from)) return true;
  const sees = (one: string): boolean =>
    entries.get(one)?.some((entry) => isVisible(entry, from)) ?? false;
  return (
    sees(host) || wildcards.some((wildcard) => isSubsetOfHost(host, wildcard) && sees(wildcard))
  );
}
