/** The resources of Kubernetes' Gateway API as the Gateways and VirtualServices that they mean, as Istio converts them. */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { Listener } from "../../config/gateway-api/listener.js";
import { createListeners, type Listeners } from "../../config/gateway-api/listeners.js";
import type { RouteKind, RouteResource } from "../../config/gateway-api/routes.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { ResourceTables } from "../../config/snapshot.js";
import type { GatewayResource, MadeRouting, VirtualServiceResource } from "../made-of.js";
import { type AttachContext, attachedRoutes } from "./attach.js";
import type { AttachedRoute } from "./attached-route.js";
import { createGatewayRoutes } from "./gateway-routes.js";
import { listenerGateways } from "./listener-gateways.js";
import { createMeshRoutes } from "./mesh-routes.js";

/** Adds what resources of the Gateway API mean to the Gateways and VirtualServices of the files and Ingresses. */
export function createGatewayApi(
  engine: Engine,
): (tables: ResourceTables, routing: MadeRouting) => MadeRouting {
  const listenersOf = createListeners(engine);
  const gatewaysOf = createGateways(engine);
  const attachedOf = createAttachedRoutes(engine);
  const meshRoutes = createMeshRoutes(engine);
  const gatewayRoutes = createGatewayRoutes(engine);
  const settled = createSettledRows<VirtualServiceResource>(
    engine,
    "virtual services of the Gateway API",
  );
  const bothRoutes = engine.overlay<VirtualServiceResource>();
  const withGateways = engine.overlay<GatewayResource>();
  const withRoutes = engine.overlay<VirtualServiceResource>();
  return (tables, { Gateway, VirtualService }) => {
    if (isUnused(tables)) return { Gateway, VirtualService };
    const listeners = listenersOf(tables);
    const { ReferenceGrant: grants } = tables;
    const attached = attachedOf(tables, { listeners: listeners.parents, grants });
    const made = bothRoutes(meshRoutes(attached, tables), gatewayRoutes(attached));
    return {
      Gateway: withGateways(
        Gateway,
        gatewaysOf(tables.KubernetesGateway, listeners.byGateway, grants),
      ),
      VirtualService: withRoutes(VirtualService, settled(made)),
    };
  };
}

const isUnused = (tables: ResourceTables): boolean =>
  tables.KubernetesGateway.size +
    tables.HTTPRoute.size +
    tables.GRPCRoute.size +
    tables.TLSRoute.size +
    tables.TCPRoute.size ===
  0;

function createGateways(
  engine: Engine,
): (
  table: ResourceTables["KubernetesGateway"],
  listeners: Listeners["byGateway"],
  grants: ResourceTables["ReferenceGrant"],
) => Table<GatewayResource> {
  const made = engine.derive<
    [ResourceOf<"KubernetesGateway">, readonly Listener[]],
    [ResourceTables["ReferenceGrant"]],
    Table<GatewayResource>
  >(
    "gateways of listeners",
    (_key, [gateway, listeners], grants) =>
      gateway && listeners && listenerGateways(gateway, listeners, grants),
  );
  const all = engine.flatten<GatewayResource>("all gateways of listeners");
  const settled = createSettledRows<GatewayResource>(engine, "gateways of the Gateway API");
  return (table, listeners, grants) => settled(all(made([table, listeners], grants)));
}

/** The routes of all kinds at all of their parents. */
function createAttachedRoutes(
  engine: Engine,
): (tables: ResourceTables, context: AttachContext) => Table<AttachedRoute> {
  const http = createAttachment(engine, "HTTPRoute");
  const grpc = createAttachment(engine, "GRPCRoute");
  const tls = createAttachment(engine, "TLSRoute");
  const tcp = createAttachment(engine, "TCPRoute");
  const requests = engine.overlay<AttachedRoute>();
  const connections = engine.overlay<AttachedRoute>();
  const all = engine.overlay<AttachedRoute>();
  const settle = engine.settle<AttachContext>(
    (a, b) => a.listeners === b.listeners && a.grants === b.grants,
  );
  const settled = createSettledRows<AttachedRoute>(engine, "attached routes");
  return (tables, context) => {
    const same = settle(context);
    return settled(
      all(
        requests(http(tables.HTTPRoute, same), grpc(tables.GRPCRoute, same)),
        connections(tls(tables.TLSRoute, same), tcp(tables.TCPRoute, same)),
      ),
    );
  };
}

function createAttachment<K extends RouteKind>(
  engine: Engine,
  kind: K,
): (table: Table<ResourceOf<K>>, context: AttachContext) => Table<AttachedRoute> {
  const attach = engine.derive<[ResourceOf<K>], [AttachContext], Table<AttachedRoute>>(
    `parents of ${kind}`,
    (_key, [route], context) =>
      route && attachedRoutes(kind, route as ResourceOf<K> & RouteResource, context),
  );
  const all = engine.flatten<AttachedRoute>(`attached ${kind}`);
  return (table, context) => all(attach([table], context));
}

/** The same rows, each the object that it was for as long as it is equal to it. */
function createSettledRows<V>(engine: Engine, name: string): (table: Table<V>) => Table<V> {
  const derive = engine.derive<[V], [], V>(name, (_key, [row]) => row, isDeepStrictEqual);
  return (table) => derive([table]);
}
