/** The wildcard hosts of VirtualServices that services' hosts are some of: there they stand for those services alone. */
import { type Engine, sameElements } from "../base/engine.js";
import type { Table } from "../base/table.js";
import { isSubsetOf, isWildcard } from "./hostname.js";
import type { Service } from "./service.js";
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

/** Which wildcard hosts of VirtualServices stand for some services of the mesh. */
export function createServedWildcards(
  engine: Engine,
): (mesh: {
  readonly servicesByHost: Table<Table<Service>>;
  readonly wildcardVirtualServices: readonly VirtualService[];
}) => ServedWildcards {
  const settle = engine.settle<ServedWildcards>(sameServed);
  const served = engine.latest(
    "served wildcards",
    (
      servicesByHost: Table<Table<Service>>,
      wildcardVirtualServices: readonly VirtualService[],
    ): ServedWildcards =>
      wildcardsServed(wildcardVirtualServices, function* () {
        for (const group of servicesByHost.values()) yield* group.values();
      }),
  );
  return ({ servicesByHost, wildcardVirtualServices }) =>
    settle(served(servicesByHost, wildcardVirtualServices));
}
