/** The part of the callers of a namespace whose Sidecar says what they reach. */
import type { Engine } from "../../base/engine/engine.js";
import type { Lazy } from "../../base/lazy.js";
import { overlay, Table } from "../../base/table/table.js";
import type { Mesh } from "../../mesh/mesh.js";
import { type EgressListener, egressListeners } from "../../mesh/sidecar/sidecar.js";
import { createEgressViews } from "../../mesh/view/egress-view.js";
import type { HostView } from "../../mesh/view/host-view.js";
import { createLocalityViews } from "../../mesh/view/locality-views.js";
import type { HostNames, NamedHost } from "../../mesh/view/named-host.js";
import type { ClientTraits } from "../cluster/outbound-cluster-input.js";
import type { OutboundEntry } from "../listener/outbound-entry.js";
import type { Encoder } from "../resource/encoder.js";
import { type EnvoyResource, unionOf } from "../resource/resource-set.js";
import { createUnknownHosts } from "../unknown-hosts.js";
import { createEntryGroups } from "./listener-entries.js";
import { createRows, type OutboundPart, type SharedBuilders } from "./outbound-part.js";
import type { OutboundScope } from "./outbound-scope.js";
import { createRouteConfigurations } from "./route-configurations.js";
import type { HostResource } from "./virtual-hosts.js";

/** The scope of what the callers only route to, not name: it has clusters, but neither routes nor names of its own. */
const asRouter = (scope: OutboundScope): OutboundScope => ({
  ...scope,
  router: true,
  dns: { ...scope.dns, isAnswered: false },
});

/** What one egress listener of a Sidecar makes. */
interface EgressRows {
  readonly clusters: Table<EnvoyResource>;
  readonly endpoints: Lazy<Table<EnvoyResource>>;
  readonly virtualHosts: Lazy<Table<HostResource>>;
  readonly entries: Lazy<Table<OutboundEntry>>;
  readonly localityViews: Table<HostView>;
  readonly names: Lazy<HostNames>;
}

function createEgressRows(
  engine: Engine,
  encoder: Encoder,
  shared: SharedBuilders,
): (mesh: Mesh, scope: OutboundScope, egress: EgressListener, client: ClientTraits) => EgressRows {
  const views = createEgressViews(engine);
  const named = createRows(engine, encoder, shared);
  const routed = createRows(engine, encoder, shared);
  const scopeOf = engine.memo(
    "scope of a way out",
    (scope: OutboundScope, egress: EgressListener): OutboundScope => ({ ...scope, egress }),
  );
  const byLocalityNamed = createLocalityViews(engine);
  const byLocalityRouted = createLocalityViews(engine);
  const viewsBeside = engine.latest(
    "hosts by locality beside each other",
    (first: Table<HostView>, second: Table<HostView>) => overlay(first, second),
  );
  const beside = engine.memo(
    "routed beside named",
    (first: Table<EnvoyResource>, second: Table<EnvoyResource>) => overlay(first, second),
  );
  return (mesh, scope, egress, client) => {
    const seen = views(mesh, scope, egress);
    const own = named(seen.named, mesh, scopeOf(scope, egress), client);
    const others = routed(seen.routed, mesh, asRouter(scope), client);
    return {
      clusters: beside(own.clusters.all, others.clusters.all),
      endpoints: engine.lazy(() => beside(own.endpoints.get().all, others.endpoints.get().all)),
      virtualHosts: engine.lazy(() => own.virtualHosts.get().all),
      entries: engine.lazy(() => own.entries.get().all),
      names: own.names,
      localityViews: viewsBeside(
        byLocalityNamed(seen.named, client.localityPolicy),
        byLocalityRouted(seen.routed, client.localityPolicy),
      ),
    };
  };
}

/** Several tables as one; the first where there is just one. */
function createUnion<V>(engine: Engine, name: string): (tables: readonly Table<V>[]) => Table<V> {
  const union = engine.memo(
    name,
    (...[first = Table.empty(), ...others]: Table<V>[]): Table<V> =>
      others.reduce<Table<V>>(overlay, first),
  );
  return (tables) => union(...tables);
}

/** The builder of the part of one scope with a Sidecar: what all egress listeners of the Sidecar make. */
export function createSidecarPart(
  engine: Engine,
  encoder: Encoder,
  shared: SharedBuilders,
): (mesh: Mesh, scope: OutboundScope, client: ClientTraits) => OutboundPart {
  const listenersOf = engine.memo("egress listeners", egressListeners);
  const builders: ReturnType<typeof createEgressRows>[] = [];
  const clusters = createUnion<EnvoyResource>(engine, "clusters of egress listeners");
  const endpoints = createUnion<EnvoyResource>(engine, "endpoints of egress listeners");
  const virtualHosts = createUnion<HostResource>(engine, "virtual hosts of egress listeners");
  const entries = createUnion<OutboundEntry>(engine, "entries of egress listeners");
  const localityViews = createUnion<HostView>(engine, "hosts by locality of egress listeners");
  const names = createUnion<readonly NamedHost[]>(engine, "names of egress listeners");
  const group = createEntryGroups(engine);
  const join = createRouteConfigurations(engine, encoder);
  const { statics } = shared;
  const unknownHosts = createUnknownHosts(engine);
  return (mesh, scope, client) => {
    const sidecar = mesh.sidecars.byKey.get(scope.sidecar);
    const listeners = sidecar === undefined ? [] : listenersOf(sidecar, scope.namespace);
    const rows = listeners.map((egress, i) => {
      const build = (builders[i] ??= createEgressRows(engine, encoder, shared));
      return build(mesh, scope, egress, client);
    });
    const unknown = unknownHosts(mesh, scope);
    const fixed = statics(client, unknown.mode, scope.addresses.own);
    const routes = engine.lazy(() => {
      const hosts = virtualHosts(rows.map((one) => one.virtualHosts.get()));
      return join(hosts, unknown, scope, { listeners });
    });
    return {
      clusters: unionOf(clusters(rows.map((one) => one.clusters)), fixed),
      endpoints: engine.lazy(() => endpoints(rows.map((one) => one.endpoints.get()))),
      routes,
      filters: engine.lazy(() => routes.get().filters),
      entries: engine.lazy(() => group(entries(rows.map((one) => one.entries.get())))),
      unknown,
      client,
      localityViews: localityViews(rows.map((one) => one.localityViews)),
      names: engine.lazy(() => names(rows.map((one) => one.names.get()))),
      own: undefined,
    };
  };
}
