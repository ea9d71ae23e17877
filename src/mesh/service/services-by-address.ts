/** Finds the services that a workload serves because an Endpoints or EndpointSlice lists its address. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import { addressKey } from "../workload/address-key.js";
import { isListed, targetPortOf } from "../workload/service-endpoints.js";
import type { Workload } from "../workload/workload.js";
import type { Service } from "./service.js";

/** The builder of services by the addresses that resources list for them: by `namespace|address`, then by key. */
export function createServicesByAddress(
  engine: Engine,
): (services: Table<Service>, endpoints: Table<readonly Workload[]>) => Table<Table<Service>> {
  const addressed = engine.derive<[Service, readonly Workload[]], [], Addressed>(
    "addressed services",
    (_key, [service, workloads = []]) => {
      if (service === undefined || service.external) return undefined;
      const listed = workloads.filter(isListed);
      return listed.length === 0 ? undefined : { service, workloads: listed };
    },
    (a, b) => a.service === b.service && sameElements(a.workloads, b.workloads),
  );
  const byAddress = engine.group<Addressed>("services by address", ({ service, workloads }) =>
    workloads.map(({ address }) => addressKey({ namespace: service.namespace, address })),
  );
  const services = engine.derive<[Table<Addressed>], [], Table<Service>>(
    "services at an address",
    (at, [group]) =>
      group &&
      Table.from([...group].map(([key, addressed]) => [key, servedAt(addressed, at)] as const)),
  );
  return (all, endpoints) => services([byAddress(addressed([all, endpoints]))]);
}

/** A service and the workloads that are its own because a resource lists their addresses. */
interface Addressed {
  readonly service: Service;
  readonly workloads: readonly Workload[];
}

/** A service as it is at an address: what lists the address may say on which ports it listens. */
function servedAt({ service, workloads }: Addressed, at: string): Service {
  const { namespace } = service;
  const workload = workloads.find(({ address }) => addressKey({ namespace, address }) === at);
  if (workload === undefined) return service;
  const ports = service.ports.map((port) => ({
    ...port,
    targetPort: targetPortOf(workload, port) ?? port.targetPort,
  }));
  return { ...service, ports };
}
