/** The workloads of a mesh, by the services whose endpoints they are and by their addresses. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { ResourceTables } from "../../config/snapshot.js";
import type { Mesh, MeshInputs } from "../mesh.js";
import type { Service } from "../service/service.js";
import { createServicesByAddress } from "../service/services-by-address.js";
import { addressKey } from "./address-key.js";
import { createServiceEndpoints } from "./service-endpoints.js";
import type { Workload } from "./workload.js";
import { createWorkloads } from "./workloads.js";

/** The tables of a mesh that its workloads and services make. */
export type WorkloadTables = Pick<
  Mesh,
  "endpoints" | "unreadyEndpoints" | "accounts" | "servicesByAddress" | "workloadsByAddress"
>;

/** The service accounts of some workloads, as `namespace/account`, sorted. */
function accountsOf(workloads: readonly Workload[]): readonly string[] {
  const accounts = workloads
    .filter((workload) => workload.serviceAccount !== "")
    .map((workload) => `${workload.namespace}/${workload.serviceAccount}`);
  return [...new Set(accounts)].sort();
}

/** Tables whose keys are `namespace/hostname` are grouped by the second half. */
const byHostname = (_value: unknown, key: string): readonly string[] => [
  key.slice(key.indexOf("/") + 1),
];

/** The builder of these tables. */
export function createWorkloadTables(
  engine: Engine,
): (
  tables: ResourceTables,
  registered: Pick<MeshInputs, "proxies" | "health">,
  services: Table<Service>,
) => WorkloadTables {
  const workloads = createWorkloads(engine);
  const byAddress = engine.group<Workload>("workloads by their address", (one) => [
    addressKey(one),
  ]);
  const endpoints = createServiceEndpoints(engine);
  const endpointsByHost = engine.group<readonly Workload[]>("endpoints by host", byHostname);
  const unreadyByHost = engine.group<readonly Workload[]>("unready endpoints by host", byHostname);
  const accounts = engine.derive<[readonly Workload[]], [], readonly string[]>(
    "accounts of a service",
    (_key, [list]) => (list === undefined ? undefined : accountsOf(list)),
    sameElements,
  );
  const accountsByHost = engine.group<readonly string[]>("accounts by host", byHostname);
  const servicesByAddress = createServicesByAddress(engine);
  return (tables, { proxies, health = Table.empty() }, services) => {
    const all = workloads({
      templates: {
        deployments: tables.Deployment,
        statefulSets: tables.StatefulSet,
        daemonSets: tables.DaemonSet,
      },
      pods: tables.Pod,
      entries: tables.WorkloadEntry,
      groups: tables.WorkloadGroup,
      proxies,
      health,
    });
    const { called, unready } = endpoints({
      services,
      workloads: all,
      endpoints: tables.Endpoints,
      slices: tables.EndpointSlice,
    });
    return {
      endpoints: endpointsByHost(called),
      unreadyEndpoints: unreadyByHost(unready),
      accounts: accountsByHost(accounts([called])),
      servicesByAddress: servicesByAddress(services, called),
      workloadsByAddress: byAddress(all),
    };
  };
}
