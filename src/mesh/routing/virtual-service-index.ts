/** The VirtualServices of a mesh, with the routes of their delegates: by host for sidecars, by Gateway for gateways. */
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { VirtualServices } from "../mesh.js";
import type { HostPorts } from "../service/service.js";
import { createDelegation } from "./delegation.js";
import {
  type DelegatedSpec,
  MESH_GATEWAY,
  orderVirtualServices,
  sameVirtualService,
  type VirtualService,
  type VirtualServiceContext,
  virtualService,
  withPorts,
} from "./virtual-service.js";

/** What VirtualServices are read with. */
export interface ReadingContext extends VirtualServiceContext {
  /** The ports of each host that services have. */
  readonly ports: Table<HostPorts>;
}

/** The VirtualServices at each key, the one that wins first. */
export interface VirtualServiceIndex {
  /** Those that sidecars use, which name the gateway `mesh`. */
  readonly byHost: Table<VirtualServices>;
  /** By `namespace/name` of the Gateway. */
  readonly byGateway: Table<VirtualServices>;
}

/** The builder of this index. */
export function createVirtualServiceIndex(
  engine: Engine,
): (table: Table<ResourceOf<"VirtualService">>, context: ReadingContext) => VirtualServiceIndex {
  const delegation = createDelegation(engine);
  const read = engine.derive<
    [ResourceOf<"VirtualService">, DelegatedSpec],
    [VirtualServiceContext],
    VirtualService
  >("virtual services", (_key, [resource, delegated], context) =>
    resource === undefined ? undefined : virtualService(resource, context, delegated),
  );
  const settle = engine.settle<VirtualServiceContext>(
    (a, b) => a.resolver === b.resolver && a.exportTo === b.exportTo,
  );
  // Not while they are read: the ports of some host change with each service that comes.
  const ported = engine.derive<[VirtualService], [Table<HostPorts>], VirtualService>(
    "virtual services with ports",
    (_key, [one], ports) => one && withPorts(one, (host) => ports.get(host)),
    sameVirtualService,
  );
  const byHost = createOrdered(engine, "host", ({ gateways, hosts }) =>
    gateways.includes(MESH_GATEWAY) ? hosts : [],
  );
  const byGateway = createOrdered(engine, "gateway", ({ gateways }) =>
    gateways.filter((gateway) => gateway !== MESH_GATEWAY),
  );
  return (table, { ports, ...context }) => {
    const all = ported([read([table, delegation(table, context)], settle(context))], ports);
    return { byHost: byHost(all), byGateway: byGateway(all) };
  };
}

/** The builder of the lists of VirtualServices by what they are for, such as a host. */
function createOrdered(
  engine: Engine,
  what: string,
  keysOf: (one: VirtualService) => readonly string[],
): (all: Table<VirtualService>) => Table<VirtualServices> {
  const grouped = engine.group<VirtualService>(`virtual services by ${what}`, keysOf);
  const ordered = engine.derive<[Table<VirtualService>], [], VirtualServices>(
    `virtual services of a ${what}`,
    (_key, [group]) => group && orderVirtualServices(group),
  );
  return (all) => ordered([grouped(all)]);
}
