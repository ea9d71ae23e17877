/**
 * VirtualServices that route the connections of some of the hosts that a wildcard service stands for. They count for the wildcard
 * service's connections. See Istio, getConfigsForHost.
 */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import { isSubsetOf, isWildcard } from "../hostname.js";
import type { Service } from "../service/service.js";
import { routesConnections, type VirtualService } from "./virtual-service.js";

type VirtualServices = readonly VirtualService[];

/** Finds them: by the host of the service. */
export function createNarrowerHosts(
  engine: Engine,
): (
  servicesByHost: Table<Table<Service>>,
  byHost: Table<VirtualServices>,
) => Table<VirtualServices> {
  const wildcards = engine.derive<[Table<Service>], [], true>(
    "wildcard services",
    (host, [group]) => (group !== undefined && isWildcard(host) ? true : undefined),
  );
  const connecting = engine.derive<[VirtualServices], [], VirtualServices>(
    "virtual services that route connections",
    (_host, [all = []]) =>
      all.some(routesConnections) ? all.filter(routesConnections) : undefined,
    sameElements,
  );
  const found = engine.latest(
    "virtual services of narrower hosts",
    (services: Table<true>, routing: Table<VirtualServices>): Table<VirtualServices> =>
      Table.from(
        [...services.keys()].map((wildcard) => [wildcard, narrower(wildcard, routing)] as const),
      ),
  );
  const settled = engine.derive<[VirtualServices], [], VirtualServices>(
    "virtual services of narrower hosts, settled",
    (_host, [all = []]) => (all.length === 0 ? undefined : all),
    sameElements,
  );
  return (servicesByHost, byHost) =>
    settled([found(wildcards([servicesByHost]), connecting([byHost]))]);
}

function narrower(wildcard: string, routing: Table<VirtualServices>): VirtualServices {
  const hosts = [...routing].filter(([host]) => host !== wildcard && isSubsetOf(host, wildcard));
  return [...new Set(hosts.flatMap(([, all]) => all))];
}
