/** The resources of Kubernetes' Gateway API as the Gateways and VirtualServices that they mean, as Istio converts them. */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine.js";
import { Table } from "../../base/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import { refOf } from "../../config/resource.js";
import type { ResourceTables } from "../../config/snapshot.js";
import type { AttachedRoute } from "./attached-route.js";
import { httpRouteRules } from "./http-rule.js";
import { createMeshRoutes } from "./mesh-routes.js";
import { meshParentsOf } from "./parents.js";

/** Adds what resources of the Gateway API mean to the Gateways and VirtualServices of the files. */
export function createGatewayApi(
  engine: Engine,
): (
  tables: ResourceTables,
  routing: Pick<ResourceTables, "Gateway" | "VirtualService">,
) => Pick<ResourceTables, "Gateway" | "VirtualService"> {
  const attachHttp = engine.derive<[ResourceOf<"HTTPRoute">], [], Table<AttachedRoute>>(
    "attached HTTPRoutes",
    (key, [route]) => route && attachedRoutes(key, route),
  );
  const attached = engine.flatten<AttachedRoute>("all attached routes");
  const settled = createSettledRows<AttachedRoute>(engine, "settled attached routes");
  const meshRoutes = createMeshRoutes(engine);
  const settledRoutes = createSettledRows<ResourceOf<"VirtualService">>(
    engine,
    "virtual services of the Gateway API",
  );
  const withRoutes = engine.overlay<ResourceOf<"VirtualService">>();
  return (tables, { Gateway, VirtualService }) => {
    if (tables.HTTPRoute.size === 0) return { Gateway, VirtualService };
    const made = meshRoutes(settled(attached(attachHttp([tables.HTTPRoute]))), tables);
    return { Gateway, VirtualService: withRoutes(VirtualService, settledRoutes(made)) };
  };
}

/** The same rows, each the object that it was for as long as it is equal to it. */
function createSettledRows<V>(engine: Engine, name: string): (table: Table<V>) => Table<V> {
  const derive = engine.derive<[V], [], V>(name, (_key, [row]) => row, isDeepStrictEqual);
  return (table) => derive([table]);
}

/** A route at each of its parents. */
function attachedRoutes(key: string, route: ResourceOf<"HTTPRoute">): Table<AttachedRoute> {
  const { namespace, creationTimestamp } = route.metadata;
  const parents = meshParentsOf(route.spec.parentRefs ?? [], namespace);
  // Calls in the mesh need no leave of the backends' namespaces: a service is called as it could be without the route.
  const http = httpRouteRules(route, { namespace, isGranted: () => true });
  return Table.from(
    parents.map((parent, index) => [
      `${route.kind} ${key} ${index}`,
      { ref: refOf(route), creationTimestamp, parent, http },
    ]),
  );
}
