/** The resources of a proxy, or of a group of proxies, as EnvoyFilters and extensions change them. */
import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import type { EnvoyPatch, EnvoyPatches } from "../../mesh/extension/envoy-filters.js";
import type { ClusterJson, ListenerJson, RouteConfigurationJson, VirtualHostJson } from "../api.js";
import { endpointFields } from "../cluster/peers.js";
import { madeOrWithheld } from "../resource/encode-resource.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import {
  type EnvoyResource,
  type ResourceSet,
  type RouteSets,
  resourceSet,
  sameResource,
} from "../resource/resource-set.js";
import { encodeVirtualHost } from "../route/route-configuration.js";
import {
  addsTo,
  type CompiledPatch,
  compilePatch,
  isForSide,
  type PatchSide,
  type PatchTarget,
} from "./compiled-patch.js";
import { patchCluster } from "./patch-cluster.js";
import { patchListener } from "./patch-listener.js";
import {
  addedVirtualHosts,
  patchRouteConfiguration,
  patchRoutesHead,
  patchVirtualHost,
} from "./patch-routes.js";
import {
  addedResource,
  byTarget,
  type Change,
  effective,
  type NoteEffect,
  type Patcher,
  patchedSources,
  patchMessage,
  patchResource,
  type ResourceKind,
  replay,
  tracedTo,
  withClusters,
} from "./patched-resource.js";
import { forServers, type ServerPorts } from "./route-match.js";

/** The patches of one side of a proxy. */
export interface SidePatches {
  readonly side: PatchSide;
  readonly list: readonly CompiledPatch[];
}

/** Whether clusters do the same with their connections, of which TLS is a part. */
const hasSameSockets = (a: ClusterJson, b: ClusterJson = {}): boolean =>
  isDeepStrictEqual(
    [a.transportSocket, a.transportSocketMatches],
    [b.transportSocket, b.transportSocketMatches],
  );

const CLUSTER: ResourceKind<ClusterJson> = {
  type: MESSAGE.cluster,
  word: "cluster",
  fields: (json, before) => ({
    ...endpointFields(json),
    ...(hasSameSockets(json, before) ? {} : { afterOthers: true }),
  }),
  change: patchCluster,
};
const LISTENER: ResourceKind<ListenerJson> = {
  type: MESSAGE.listener,
  word: "listener",
  fields: withClusters,
  change: patchListener,
};
const ROUTES: ResourceKind<RouteConfigurationJson> = {
  type: MESSAGE.route,
  word: "routes",
  fields: withClusters,
  change: patchRouteConfiguration,
};
/** Of route configurations of which most take their virtual hosts from elsewhere. */
const SPLIT_ROUTES: ResourceKind<RouteConfigurationJson> = {
  ...ROUTES,
  change: (json, context) =>
    json.vhds === undefined
      ? patchRouteConfiguration(json, context)
      : patchRoutesHead(json, context),
};

const CLUSTER_TARGETS: readonly PatchTarget[] = ["CLUSTER"];
const ROUTE_TARGETS: readonly PatchTarget[] = ["ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"];
/** Listeners may have routes in them. */
const LISTENER_TARGETS: readonly PatchTarget[] = [
  ...ROUTE_TARGETS,
  "LISTENER",
  "LISTENER_FILTER",
  "FILTER_CHAIN",
  "NETWORK_FILTER",
  "HTTP_FILTER",
  "EXTENSION_CONFIG",
];

/** Applies patches, once for all proxies that are sent the same. */
export interface Patching {
  /** The patches of a side; undefined when there are none. */
  readonly of: (patches: EnvoyPatches, side: PatchSide) => SidePatches | undefined;
  /** Those as they are for a gateway with some servers: equal ones are the same object. */
  readonly forServers: (
    patches: SidePatches | undefined,
    servers: ServerPorts,
  ) => SidePatches | undefined;
  /** Rows remember for one table after another: each table that is followed has patchers of its own. */
  readonly clusters: () => SetPatcher;
  readonly listeners: () => SetPatcher;
  readonly routes: () => RoutesPatcher;
  /** Whether a patch has changed something since it was written, or would have if Envoy took that. */
  readonly hasEffect: (patch: EnvoyPatch) => boolean;
}

/** A table after patches, and with what they add. */
export type SetPatcher = (set: ResourceSet, patches: SidePatches | undefined) => ResourceSet;

/** Route configurations after patches. */
export type RoutesPatcher = (routes: RouteSets, patches: SidePatches | undefined) => RouteSets;

/** The maker of patches. */
export function createPatching(engine: Engine, encoder: Encoder): Patching {
  // Patches are made when someone is sent what they change, and only once: this is what was seen then.
  const effects = new WeakSet<EnvoyPatch>();
  const noteEffect: NoteEffect = ({ patch }) => {
    if (!engine.isAside) effects.add(patch);
  };
  const compiled = engine.memo("compiled patches", (patches: EnvoyPatches) =>
    patches.flatMap((patch) => {
      const made = compilePatch(encoder, patch);
      return typeof made === "string" ? [] : [made];
    }),
  );
  const ofSide = engine.memo(
    "patches of a side",
    (patches: readonly CompiledPatch[], side: PatchSide): SidePatches | undefined => {
      const list = patches.filter((patch) => isForSide(patch, side));
      return list.length === 0 ? undefined : { side, list };
    },
  );
  const ofServers = engine.memo(
    "patches of a gateway",
    ({ side, list }: SidePatches, servers: string): SidePatches => ({
      side,
      list: list.map((patch) => forServers(patch, JSON.parse(servers) as ServerPorts)),
    }),
  );
  const cluster = createRow(engine, { encoder, noteEffect }, CLUSTER, CLUSTER_TARGETS);
  const listener = createRow(engine, { encoder, noteEffect }, LISTENER, LISTENER_TARGETS);
  return {
    of: (patches, side) => (patches.length === 0 ? undefined : ofSide(compiled(patches), side)),
    forServers: (patches, servers) => patches && ofServers(patches, JSON.stringify(servers)),
    clusters: () => {
      const added = (patch: CompiledPatch): EnvoyResource | undefined =>
        patch.target === "CLUSTER" ? addedResource(encoder, CLUSTER, patch) : undefined;
      return createSetPatcher(engine, cluster, added, noteEffect);
    },
    listeners: () => {
      const added = (patch: CompiledPatch): EnvoyResource | undefined =>
        patch.target === "LISTENER" ? addedResource(encoder, LISTENER, patch) : undefined;
      return createSetPatcher(engine, listener, added, noteEffect);
    },
    routes: () => createRoutesPatcher(engine, { encoder, noteEffect }),
    hasEffect: (patch) => effects.has(patch),
  };
}

type Row = (resource: EnvoyResource, patches: SidePatches) => EnvoyResource | undefined;

/** Patches a resource once, in whatever tables it is. */
function createRow<Json extends object>(
  engine: Engine,
  patcher: Patcher,
  kind: ResourceKind<Json>,
  targets: readonly PatchTarget[],
): Row {
  return engine.memo(`patched ${kind.word}`, (one: EnvoyResource, { list }: SidePatches) =>
    patchedOrWithheld(patcher, kind.type, one, {
      patches: withTargets(list, targets),
      make: (patches) => patchResource(patcher, one, kind, patches),
    }),
  );
}

/** A resource after patches; where these end in an exception, a fault of ours, it is withheld. */
function patchedOrWithheld(
  { encoder }: Patcher,
  type: string,
  { name, sources = [] }: EnvoyResource,
  { patches, make }: PatchedResource,
): EnvoyResource | undefined {
  const named = { name, sources: [...patches.map(({ source }) => source), ...sources] };
  return madeOrWithheld(encoder, type, named, () => make(patches));
}

/** What patches make of a resource. */
interface PatchedResource {
  readonly patches: readonly CompiledPatch[];
  readonly make: (patches: readonly CompiledPatch[]) => EnvoyResource | undefined;
}

/** The rows of a table after patches. */
function createRows(
  engine: Engine,
  name: string,
  row: Row,
): (table: ResourceSet, patches: SidePatches) => ResourceSet {
  const derive = engine.derive<[EnvoyResource], [SidePatches], EnvoyResource>(
    name,
    (_name, [resource], patches) => resource && row(resource, patches),
    sameResource,
  );
  return (table, patches) => derive([table], patches);
}

function createSetPatcher(
  engine: Engine,
  row: Row,
  added: (patch: CompiledPatch) => EnvoyResource | undefined,
  noteEffect: NoteEffect,
): SetPatcher {
  const rows = createRows(engine, "patched resources", row);
  const additions = engine.memo("added resources", ({ list, side }: SidePatches) =>
    resourceSet(
      list
        .filter((patch) => addsTo(patch, side))
        .flatMap((patch) => {
          const resource = added(patch);
          if (resource === undefined) return [];
          noteEffect(patch);
          return [resource];
        }),
    ),
  );
  const over = engine.overlay<EnvoyResource>();
  return (set, patches) =>
    patches === undefined ? set : over(rows(set, patches), additions(patches));
}

const withTargets = (
  patches: readonly CompiledPatch[],
  targets: readonly PatchTarget[],
): readonly CompiledPatch[] => patches.filter(({ target }) => targets.includes(target));

function createRoutesPatcher(engine: Engine, patcher: Patcher): RoutesPatcher {
  const host: Row = engine.memo("patched virtual host", (one, { list }: SidePatches) =>
    patchedOrWithheld(patcher, MESSAGE.virtualHost, one, {
      patches: withTargets(list, ROUTE_TARGETS),
      make: (patches) => patchedHost(patcher, one, patches),
    }),
  );
  const hosts = createRows(engine, "patched virtual hosts", host);
  const split = createRows(
    engine,
    "patched split routes",
    createRow(engine, patcher, SPLIT_ROUTES, ROUTE_TARGETS),
  );
  const whole = createRows(
    engine,
    "patched routes",
    createRow(engine, patcher, ROUTES, ROUTE_TARGETS),
  );
  const added = engine.derive<[EnvoyResource], [SidePatches], Table<EnvoyResource>>(
    "added virtual hosts by routes",
    (name, [one], { list }) =>
      one && resourceSet(addedHosts(patcher, name, withTargets(list, ["VIRTUAL_HOST"]))),
  );
  const allAdded = engine.flatten<EnvoyResource>("added virtual hosts");
  const over = engine.overlay<EnvoyResource>();
  return (routes, patches) => {
    if (patches === undefined || withTargets(patches.list, ROUTE_TARGETS).length === 0) {
      return routes;
    }
    return {
      get routes() {
        return whole(routes.routes, patches);
      },
      splitRoutes: split(routes.splitRoutes, patches),
      virtualHosts: over(
        hosts(routes.virtualHosts, patches),
        allAdded(added([routes.splitRoutes], patches)),
      ),
    };
  };
}

/** The names of a virtual host by itself: `route configuration/virtual host`. */
function namesOf(resource: string): { readonly routeName: string; readonly tableName: string } {
  const end = resource.lastIndexOf("/");
  return { routeName: resource.slice(0, end), tableName: resource.slice(end + 1) };
}

function addedHosts(
  { encoder, noteEffect }: Patcher,
  routeName: string,
  patches: readonly CompiledPatch[],
): readonly EnvoyResource[] {
  return patches.flatMap((patch) => {
    const context = { registry: encoder.registry, patches: byTarget([patch]) };
    const added = addedVirtualHosts(routeName, context)
      .map((json) => ({
        ...encodeVirtualHost(encoder, routeName, { name: json.name ?? "", json, sources: [] }),
        ...patchedSources({}, tracedTo(patch, json)),
      }))
      .filter(({ refusal }) => refusal === undefined);
    if (added.length > 0) noteEffect(patch);
    return added;
  });
}

function patchedHost(
  { encoder, noteEffect }: Patcher,
  resource: EnvoyResource,
  patches: readonly CompiledPatch[],
): EnvoyResource | undefined {
  if (resource.refusal !== undefined) return resource;
  const { routeName, tableName } = namesOf(resource.name);
  const read = (): VirtualHostJson => ({
    ...(encoder.decode(MESSAGE.virtualHost, resource.bytes) as VirtualHostJson),
    name: tableName,
  });
  const unpatched = read();
  const change: Change<VirtualHostJson> = (host, context) =>
    patchVirtualHost(routeName, host, context);
  const patched = patchMessage<VirtualHostJson>(
    encoder,
    { type: MESSAGE.virtualHost, what: `virtual host ${tableName}`, json: unpatched },
    patches,
    change,
  );
  const effects = (): readonly CompiledPatch[] => {
    const some = effective(encoder, unpatched, change, patches);
    some.forEach(noteEffect);
    return some;
  };
  if (patched === undefined) {
    effects();
    return undefined;
  }
  const { json, kept, leftOut } = patched;
  // It is known by the name that it had, whatever a patch calls it.
  const made = encodeVirtualHost(encoder, routeName, { name: tableName, json, sources: [] });
  if (made.version === resource.version && leftOut.length === 0) return resource;
  const sources = patchedSources(resource, {
    patches: effects()
      .filter((patch) => kept.includes(patch))
      .toReversed(),
    after: replay(encoder, MESSAGE.virtualHost, change, read),
  });
  return { ...made, ...sources, ...(leftOut.length === 0 ? {} : { leftOut }) };
}
