/** All services of a mesh: what Kubernetes Services and ServiceEntries declare, with the declarations of one host put together. */
import type { Engine } from "../../base/engine/engine.js";
import { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { ConfigSnapshot } from "../../config/snapshot.js";
import { serviceKey } from "../workload/service-endpoints.js";
import { createAllocatedAddresses } from "./allocated-addresses.js";
import { kubernetesService, type ServiceDefaults } from "./kubernetes-service.js";
import { createDefinitions, createMergedServices } from "./merged-services.js";
import type { AllocatedAddresses, Service } from "./service.js";
import { serviceEntryServices } from "./service-entry.js";
import { type StandIn, withStandIns } from "./stand-in.js";

type Tables = Pick<ConfigSnapshot["tables"], "Service" | "ServiceEntry">;

/** The builder of the services, of Kubernetes Services and ServiceEntries; those of one host are one. */
export function createServices(
  engine: Engine,
): (tables: Tables, defaults: ServiceDefaults, standIns: readonly StandIn[]) => Table<Service> {
  const fromKubernetes = engine.derive<
    [ResourceOf<"Service">],
    [ServiceDefaults, readonly StandIn[]],
    Table<Service>
  >("kubernetes services", (_key, [resource], defaults, standIns) => {
    if (resource === undefined) return undefined;
    const service = withStandIns(kubernetesService(resource, defaults), standIns);
    return Table.from([[serviceKey(service), service]]);
  });
  const fromEntries = engine.derive<
    [ResourceOf<"ServiceEntry">],
    [ServiceDefaults, readonly StandIn[]],
    Table<Service>
  >("service entries", (_key, [resource], defaults, standIns) =>
    resource === undefined
      ? undefined
      : Table.from(
          serviceEntryServices(resource, defaults)
            .map((one) => withStandIns(one, standIns))
            .map((one) => [serviceKey(one), one] as const),
        ),
  );
  const both = engine.derive<[Table<Service>, Table<Service>], [], Table<Service>>(
    "services of a resource",
    // Keys are `namespace/name` of two kinds: both may have a row, and then name different hosts.
    (_key, [kubernetes, entries]) => {
      if (kubernetes === undefined || entries === undefined) return kubernetes ?? entries;
      return Table.from([...entries, ...kubernetes]);
    },
  );
  const definitions = createDefinitions(engine);
  const merged = createMergedServices(engine);
  const allocated = createAllocatedAddresses(engine);
  const addressed = engine.derive<[Service, AllocatedAddresses], [], Service>(
    "services with addresses",
    (_key, [service, addresses]) =>
      service === undefined || addresses === undefined || service.addresses.length > 0
        ? service
        : { ...service, allocated: addresses },
  );
  return (tables, defaults, standIns) => {
    const all = definitions(
      both([
        fromKubernetes([tables.Service], defaults, standIns),
        fromEntries([tables.ServiceEntry], defaults, standIns),
      ]),
    );
    return addressed([merged(all), allocated(all)]);
  };
}
