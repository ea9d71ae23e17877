/** What sidecars are sent for the calls of their applications. The sidecars of one scope at one locality share all of it. */
import { type Engine, sameElements } from "../../base/engine/engine.js";
import { keptIfSame, type Lazy } from "../../base/lazy.js";
import { Table } from "../../base/table/table.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { ClientLocality } from "../../mesh/routing/locality-balancing.js";
import type { HostNames } from "../../mesh/view/named-host.js";
import type { BoundListenerInputs } from "../outbound/listeners.js";
import { partAt, type ScopeBuilder } from "../outbound/scope-builder.js";
import type { SidePatches } from "../patch/patched-sets.js";
import type { ResourceSet, RouteSets } from "../resource/resource-set.js";

/** See the top of this file. */
export interface SidecarOutbound {
  readonly clusters: ResourceSet;
  readonly endpoints: Lazy<ResourceSet>;
  readonly scope: ScopeBuilder;
  readonly routes: Lazy<RouteSets>;
  /** The listeners of sidecars that capture; for others, what each of them makes its own listeners of. */
  readonly listeners: Lazy<ResourceSet | UnboundListeners>;
  /** The names that their applications know, where the proxies answer DNS. */
  readonly names: Lazy<HostNames>;
}

/** What the listeners of a sidecar that does not capture are made of, beside the proxy. */
export interface UnboundListeners extends Omit<BoundListenerInputs, "proxy"> {
  readonly patches: SidePatches | undefined;
}

function listenerMembers(listeners: ResourceSet | UnboundListeners): readonly unknown[] {
  if (listeners instanceof Table) return [listeners];
  const { entries, unknown, filters, config, logs, patches } = listeners;
  return [entries, unknown, filters, config, logs, patches];
}

const routeMembers = ({ splitRoutes, virtualHosts }: RouteSets): readonly unknown[] => [
  splitRoutes,
  virtualHosts,
];

/** The newer one, with the objects of the older one for members that are equal; the older one itself if all are. */
function carried(older: SidecarOutbound, newer: SidecarOutbound): SidecarOutbound {
  const { clusters, scope } = newer;
  const endpoints = keptIfSame(older.endpoints, newer.endpoints, Object.is);
  const routes = keptIfSame(older.routes, newer.routes, (a, b) =>
    sameElements(routeMembers(a), routeMembers(b)),
  );
  const listeners = keptIfSame(older.listeners, newer.listeners, (a, b) =>
    sameElements(listenerMembers(a), listenerMembers(b)),
  );
  const names = keptIfSame(older.names, newer.names, Object.is);
  const isSame =
    older.clusters === clusters &&
    older.endpoints === endpoints &&
    older.routes === routes &&
    older.listeners === listeners &&
    older.names === names;
  return isSame ? older : { scope, clusters, endpoints, listeners, routes, names };
}

function unboundListeners(mesh: Mesh, scope: ScopeBuilder): UnboundListeners {
  const { entries, unknown, filters } = scope.part(mesh);
  const { config } = mesh;
  return {
    entries: entries.get(),
    unknown,
    filters: filters.get(),
    config,
    logs: scope.logs(mesh),
    patches: scope.patches(mesh),
  };
}

/** The makers of these: each made once for all sidecars, and the same object until something in it changes. */
export function createSidecarOutbound(
  engine: Engine,
): (
  scope: ScopeBuilder,
  captured: boolean,
  locality: ClientLocality,
) => (mesh: Mesh) => SidecarOutbound {
  return engine.memo("outbound of a locality", (scope, captured, locality) => {
    const settled = engine.carry(carried);
    return engine.latestOf("outbound of a locality", (mesh: Mesh) => {
      const { clusters, endpoints } = partAt(scope, mesh, () => locality);
      const { routes, names } = scope.part(mesh);
      const listeners = engine.lazy(() =>
        captured ? scope.listeners(mesh) : unboundListeners(mesh, scope),
      );
      return settled({ scope, clusters, endpoints, listeners, routes, names });
    });
  });
}
