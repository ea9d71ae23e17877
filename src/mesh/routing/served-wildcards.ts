/** Wildcard hosts of VirtualServices that match hosts of services: then they stand for those services only. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { Visibility } from "../../config/visibility.js";
import { isSubsetOf, isWildcard } from "../hostname.js";
import type { Service } from "../service/service.js";
import type { VirtualService } from "./virtual-service.js";

/** These hosts, and the ports of their services. */
export type ServedWildcards = ReadonlyMap<string, readonly number[]>;

/** Which wildcard hosts of VirtualServices stand for some of these services, and the ports that those have. */
export function wildcardsServed(
  wildcardVirtualServices: readonly VirtualService[],
  services: () => Iterable<Pick<Service, "hostname" | "ports">>,
): ServedWildcards {
  const wildcards = new Set(
    wildcardVirtualServices.flatMap(({ hosts }) => hosts.filter(isWildcard)),
  );
  const served = new Map<string, Set<number>>();
  if (wildcards.size === 0) return new Map();
  for (const { hostname, ports } of services()) {
    for (const wildcard of wildcards) {
      if (!isSubsetOf(hostname, wildcard)) continue;
      const known = served.get(wildcard) ?? new Set();
      for (const { number } of ports) known.add(number);
      served.set(wildcard, known);
    }
  }
  return new Map(
    [...served].map(([wildcard, ports]) => [wildcard, [...ports].sort((a, b) => a - b)]),
  );
}

/** Whether the same wildcards are served on the same ports. */
export const sameServed = (a: ServedWildcards, b: ServedWildcards): boolean =>
  a.size === b.size &&
  [...a].every(([wildcard, ports]) => {
    const others = b.get(wildcard);
    return others !== undefined && sameElements(ports, others);
  });

/** Which wildcard hosts of VirtualServices stand for some services of a mesh. */
export interface ServedFrom {
  /** For services that everyone sees. */
  readonly everywhere: ServedWildcards;
  /** With those that only some namespaces see, for these; none of other namespaces. */
  readonly byNamespace: ReadonlyMap<string, ServedWildcards>;
}

/** Those that stand for services that callers of a namespace see. */
export const servedFrom = (
  { everywhere, byNamespace }: ServedFrom,
  namespace: string,
): ServedWildcards => byNamespace.get(namespace) ?? everywhere;

/** The namespaces from which a wildcard host stands for services of which not everyone knows. */
export function namespacesServedBy(
  { everywhere, byNamespace }: ServedFrom,
  wildcard: string,
): readonly string[] {
  const common = everywhere.get(wildcard) ?? [];
  return [...byNamespace]
    .filter(([, served]) => !sameElements(served.get(wildcard) ?? [], common))
    .map(([namespace]) => namespace);
}

/** Whether the same wildcards are served from everywhere. */
const sameServedFrom = (a: ServedFrom, b: ServedFrom): boolean =>
  sameServed(a.everywhere, b.everywhere) &&
  a.byNamespace.size === b.byNamespace.size &&
  [...a.byNamespace].every(([namespace, served]) => {
    const other = b.byNamespace.get(namespace);
    return other !== undefined && sameServed(served, other);
  });

function findServed(
  servicesByHost: Table<Table<Service>>,
  wildcardVirtualServices: readonly VirtualService[],
): ServedFrom {
  const open: Service[] = [];
  const limited = new Map<string, Service[]>();
  const seenBy = ({ everyone, namespaces }: Visibility): readonly Service[][] =>
    everyone ? [open] : namespaces.map((namespace) => listAt(limited, namespace));
  for (const group of servicesByHost.values()) {
    for (const service of group.values()) {
      for (const list of seenBy(service.exportTo)) list.push(service);
    }
  }
  const everywhere = wildcardsServed(wildcardVirtualServices, () => open);
  const differing = [...limited].flatMap(([namespace, services]) => {
    const own = wildcardsServed(wildcardVirtualServices, () => services);
    return own.size === 0 ? [] : [[namespace, together(everywhere, own)] as const];
  });
  return { everywhere, byNamespace: new Map(differing) };
}

function listAt<V>(lists: Map<string, V[]>, key: string): V[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

function together(a: ServedWildcards, b: ServedWildcards): ServedWildcards {
  const merged = [...b].map(([wildcard, ports]) => {
    const all = new Set([...(a.get(wildcard) ?? []), ...ports]);
    return [wildcard, [...all].sort((one, other) => one - other)] as const;
  });
  return new Map([...a, ...merged]);
}

const NONE: ServedFrom = { everywhere: new Map(), byNamespace: new Map() };

/** The finder of these; the same object for as long as they are the same. */
export function createServedWildcards(
  engine: Engine,
): (mesh: {
  readonly servicesByHost: Table<Table<Service>>;
  readonly wildcardVirtualServices: readonly VirtualService[];
}) => ServedFrom {
  const settle = engine.settle<ServedFrom>(sameServedFrom);
  const served = engine.latest("served wildcards", findServed);
  return ({ servicesByHost, wildcardVirtualServices }) =>
    settle(
      wildcardVirtualServices.length === 0 ? NONE : served(servicesByHost, wildcardVirtualServices),
    );
}
