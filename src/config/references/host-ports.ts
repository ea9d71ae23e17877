import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../kinds.js";
import type { ResourceTables } from "../snapshot.js";
import { serviceKeyOf } from "./host-names.js";

/** The ports of hosts, apart from the hosts: few ask for them, and they change more often. Another object only when they do. */
export interface HostPorts {
  /** Of services, by `namespace/name`. */
  readonly services: Table<readonly number[]>;
  /** Of ServiceEntries, by host in lower case. */
  readonly entries: ReadonlyMap<string, readonly number[]>;
}

interface EntryPorts {
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
}

/** The ports in some resources, found anew only for what changed. */
export function createHostPorts(engine: Engine): (tables: ResourceTables) => HostPorts {
  const services = engine.derive(
    "ports of known services",
    (_key, [service]: readonly [ResourceOf<"Service"> | undefined]) =>
      service?.spec.ports?.map(({ port }) => port),
    isDeepStrictEqual,
  );
  const entries = engine.derive("ports of known hosts", entryPorts, isDeepStrictEqual);
  const together = engine.memo("host ports", hostPortsOf);
  return (tables) => together(services([tables.Service]), entries([tables.ServiceEntry]));
}

function entryPorts(
  _key: string,
  [entry]: readonly [ResourceOf<"ServiceEntry"> | undefined],
): EntryPorts | undefined {
  if (entry === undefined) return undefined;
  const { hosts, ports = [] } = entry.spec;
  return {
    hosts: hosts.map((host) => host.toLowerCase()),
    ports: ports.map(({ number }) => number),
  };
}

function hostPortsOf(services: HostPorts["services"], all: Table<EntryPorts>): HostPorts {
  const entries = new Map<string, readonly number[]>();
  for (const { hosts, ports } of all.values()) {
    for (const host of hosts) entries.set(host, [...(entries.get(host) ?? []), ...ports]);
  }
  return { services, entries };
}

/** Whether some resource gives a host, by its full name, a port. */
export function hasPort({ services, entries }: HostPorts, host: string, port: number): boolean {
  const service = services.get(serviceKeyOf(host) ?? "") ?? [];
  return service.includes(port) || entries.get(host)?.includes(port) === true;
}
