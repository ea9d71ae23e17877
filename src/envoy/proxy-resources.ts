/**
 * All that one proxy is sent: the union of the part that it shares with the callers of its scope, the part of its workload
 * or of its Gateways, and what is its own.
 */
import type { Engine } from "../base/engine.js";
import { overlay, sameElements } from "../base/engine.js";
import { Table } from "../base/table.js";
import { relevantLabels } from "../mesh/caller-labels.js";
import { createCommonViews, NO_NAMESPACE } from "../mesh/host-view.js";
import { failoverLabels, type Place, placeLabels } from "../mesh/locality-balancing.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Proxy } from "../mesh/proxy.js";
import { sidecarKey } from "../mesh/sidecar.js";
import { buildIdentityCluster, type ControlPlaneAddress } from "./control-plane-cluster.js";
import type { Encoder } from "./encoder.js";
import { MESSAGE } from "./part/envoy-types.js";
import {
  createGatewayPart,
  createGatewaySecrets,
  gatewayInputs,
  gatewaySecretInputs,
} from "./part/gateway-part.js";
import { createInboundPart, inboundInputs } from "./part/inbound-part.js";
import { createLogs, type ListenerLogs } from "./part/logs.js";
import { createBoundListeners, createCapturedListeners } from "./part/outbound-listeners.js";
import {
  type CommonPart,
  createClientTraits,
  createCommonPart,
  createOutboundPart,
  createSharedBuilders,
  type OutboundPart,
} from "./part/outbound-part.js";
import type { OutboundScope } from "./part/outbound-scope.js";
import { createPlacedPart, type PlacedPart } from "./part/placed-part.js";
import { createSecurity } from "./part/security.js";
import { createSidecarPart } from "./part/sidecar-part.js";
import {
  type EnvoyResource,
  type ResourceSet,
  type ResourceSets,
  type RouteSets,
  resourceSet,
} from "./resource-set.js";

/** A proxy and how it reaches its control plane, where it said so. */
export interface ConnectedProxy {
  readonly proxy: Proxy;
  readonly controlPlane: ControlPlaneAddress | undefined;
}

/** Makes the resources of proxies, for one mesh after another. */
export interface ProxyResources {
  /** What a proxy should hold in this mesh. Equal parts are the same objects as before. */
  resourcesOf(mesh: Mesh, connected: ConnectedProxy): ResourceSets;
  /** Forgets what is remembered for scopes that none of these proxies is in. */
  forgetScopesWithout(mesh: Mesh, proxies: Iterable<Proxy>): void;
}

/** Makes what the proxies of one scope share; of a mesh once, for all of them. */
interface ScopeBuilder {
  readonly part: (mesh: Mesh) => OutboundPart;
  /** Only for sidecars that capture: those of the others depend on the proxy. */
  readonly listeners: (mesh: Mesh) => ResourceSet;
  readonly logs: (mesh: Mesh) => ListenerLogs;
  /** The clusters and endpoints of the part as callers of a place prefer them. */
  readonly placed: (mesh: Mesh, place: Place) => PlacedPart;
}

type Logs = ReturnType<typeof createLogs>;

type Scopes = Pick<ProxyResources, "forgetScopesWithout"> & {
  readonly builderFor: (scope: OutboundScope) => ScopeBuilder;
};

/** What of a mesh decides the scope that a proxy is in. */
type ScopeInputs = Pick<Mesh, "callerLabels" | "sidecars">;

function scopeOf({ callerLabels, sidecars }: ScopeInputs, proxy: Proxy): OutboundScope {
  return {
    namespace: proxy.namespace,
    sidecar: proxy.type === "router" ? "" : sidecarKey(sidecars, proxy),
    labels: relevantLabels(proxy.labels, proxy.namespace, callerLabels),
    router: proxy.type === "router",
    captured: proxy.mode !== "NONE",
    dualStack: proxy.type !== "router" && proxy.dualStack,
  };
}

const keyOf = (scope: OutboundScope): string => JSON.stringify(scope);

/** The kind of caller: what the scopes of all namespaces share. */
const kindOf = (scope: OutboundScope): OutboundScope => ({ ...scope, namespace: NO_NAMESPACE });

function findOrMake<V>(all: Map<string, V>, key: string, make: () => V): V {
  const found = all.get(key);
  if (found !== undefined) return found;
  const made = make();
  all.set(key, made);
  return made;
}

function createScopes(engine: Engine, encoder: Encoder, logsOf: Logs): Scopes {
  const shared = createSharedBuilders(engine, encoder);
  const traits = createClientTraits(engine);
  const views = createCommonViews(engine);
  const viewsOf = engine.latest("common views", (mesh: Mesh) => views(mesh));
  const commons = new Map<string, (mesh: Mesh) => CommonPart>();
  const scopes = new Map<string, ScopeBuilder>();

  const commonFor = (kind: OutboundScope): ((mesh: Mesh) => CommonPart) => {
    const build = createCommonPart(engine, encoder, shared);
    return engine.latest("common part", (mesh: Mesh) =>
      build(mesh, viewsOf(mesh), kind, traits(mesh.config, kind)),
    );
  };
  const partOf = (scope: OutboundScope): ((mesh: Mesh) => OutboundPart) => {
    if (scope.sidecar !== "") {
      const build = createSidecarPart(engine, encoder, shared);
      return (mesh) => build(mesh, scope, traits(mesh.config, scope));
    }
    const kind = kindOf(scope);
    const common = findOrMake(commons, keyOf(kind), () => commonFor(kind));
    const build = createOutboundPart(engine, encoder, shared);
    return (mesh) => build(mesh, scope, common(mesh));
  };
  const scopeBuilder = (scope: OutboundScope): ScopeBuilder => {
    const part = engine.latest("outbound part", partOf(scope));
    const logs = engine.latest("client logs", (mesh: Mesh) =>
      logsOf(mesh, { ...scope, side: "CLIENT" }),
    );
    const captured = engine.latest(
      "captured listeners",
      createCapturedListeners(engine, encoder, scope.dualStack),
    );
    const listeners = (mesh: Mesh): ResourceSet => {
      const { claims, unknown } = part(mesh);
      return captured(claims, mesh.config, logs(mesh), unknown);
    };
    const placed = engine.memo("part of a place", (place: Place) => {
      const build = createPlacedPart(engine, shared);
      return engine.latest("part of a place", (mesh: Mesh) => build(mesh, place, part(mesh)));
    });
    return { part, listeners, logs, placed: (mesh, place) => placed(place)(mesh) };
  };
  return {
    builderFor: (scope) => findOrMake(scopes, keyOf(scope), () => scopeBuilder(scope)),
    forgetScopesWithout: (mesh, proxies) => {
      const wanted = [...proxies].map((proxy) => scopeOf(mesh, proxy));
      const keys = new Set(wanted.map(keyOf));
      const kinds = new Set(wanted.map((scope) => keyOf(kindOf(scope))));
      for (const key of scopes.keys()) if (!keys.has(key)) scopes.delete(key);
      for (const key of commons.keys()) if (!kinds.has(key)) commons.delete(key);
    },
  };
}

/** The way back to the control plane for a proxy that has its certificate. */
function createOwnClusters(
  engine: Engine,
  encoder: Encoder,
): (connected: ConnectedProxy) => ResourceSet {
  return engine.memo("own clusters", ({ controlPlane }: ConnectedProxy) => {
    if (controlPlane === undefined) return Table.empty<EnvoyResource>();
    const json = buildIdentityCluster(controlPlane);
    return resourceSet([{ name: json.name ?? "", ...encoder.encode(MESSAGE.cluster, json) }]);
  });
}

/** Finds out where a proxy is, as far as some rule asks; proxies in one place are given one object. */
function createPlaces(engine: Engine): (mesh: Mesh, proxy: Proxy) => Place {
  const labelsAsked = engine.latest(
    "failover labels",
    (rules: Mesh["rules"], setting: Mesh["config"]["localityLbSetting"]) =>
      failoverLabels([...rules.values()].flat(), setting),
  );
  const settle = engine.settle<readonly string[]>(sameElements);
  const shared = engine.memo(
    "place",
    (_asked: readonly string[], key: string) => JSON.parse(key) as Place,
  );
  const placeOf = engine.memo("place of a proxy", (proxy: Proxy, asked: readonly string[]) => {
    const labels = placeLabels(proxy);
    const known = asked.map((key) => [key, labels[key] ?? ""] as const);
    const place: Place = { locality: proxy.locality, labels: Object.fromEntries(known) };
    return shared(asked, JSON.stringify(place));
  });
  return ({ rules, config }, proxy) =>
    placeOf(proxy, settle(labelsAsked(rules, config.localityLbSetting)));
}

/** Makes all that one proxy is sent, of one mesh after another. */
type ProxyBuilder = (mesh: Mesh) => ResourceSets;

/** What the builders of all proxies share. */
interface Shared {
  readonly engine: Engine;
  readonly scopes: Scopes;
  readonly logs: Logs;
  readonly ownClusters: ReturnType<typeof createOwnClusters>;
  readonly security: ReturnType<typeof createSecurity>;
  readonly places: ReturnType<typeof createPlaces>;
}

const unionOf = (first: ResourceSet, ...others: ResourceSet[]): ResourceSet =>
  others.reduce(overlay<EnvoyResource>, first);

/** The builder of the scope that a proxy is in. */
function scopeFinder({ engine, scopes }: Shared, proxy: Proxy): (mesh: Mesh) => ScopeBuilder {
  const find = engine.latest(
    "scope",
    (callerLabels: ScopeInputs["callerLabels"], sidecars: ScopeInputs["sidecars"]) =>
      scopes.builderFor(scopeOf({ callerLabels, sidecars }, proxy)),
  );
  return ({ callerLabels, sidecars }) => find(callerLabels, sidecars);
}

/** What a proxy logs, which depends on nothing but these two. */
function logFinder({ engine, logs }: Shared, proxy: Proxy, side: LogSide): LogFinder {
  const { namespace, labels } = proxy;
  const find = engine.latest("logs", (telemetries: Mesh["telemetries"], config: Mesh["config"]) =>
    logs({ telemetries, config }, { namespace, labels, side }),
  );
  return ({ telemetries, config }) => find(telemetries, config);
}

/** The clusters and endpoints of a proxy's scope, in the order of its place where that matters. */
function placeFinder(
  { places }: Shared,
  proxy: Proxy,
): (mesh: Mesh, scope: ScopeBuilder) => PlacedPart {
  return (mesh, { part, placed }) => {
    const all = part(mesh);
    return all.placedViews.size === 0 ? all : placed(mesh, places(mesh, proxy));
  };
}

type LogSide = "CLIENT" | "SERVER";
type LogFinder = (mesh: Mesh) => ListenerLogs;

/** The sets with route configurations, which stay unjoined until they are read. Made for each proxy: no spread. */
function withRoutes(
  { clusters, endpoints, listeners, secrets }: Omit<ResourceSets, keyof RouteSets>,
  all: RouteSets,
): ResourceSets {
  const { splitRoutes, virtualHosts } = all;
  return {
    clusters,
    endpoints,
    listeners,
    secrets,
    splitRoutes,
    virtualHosts,
    get routes() {
      return all.routes;
    },
  };
}

/** What tells sets apart; joined routes say no more than split ones and their virtual hosts. */
const membersOf = (sets: ResourceSets): readonly ResourceSet[] => {
  const { clusters, endpoints, listeners, splitRoutes, virtualHosts, secrets } = sets;
  return [clusters, endpoints, listeners, splitRoutes, virtualHosts, secrets];
};

/** Where nothing changed, the sets are the object that they were. */
function createSets(engine: Engine): (sets: ResourceSets) => ResourceSets {
  return engine.settle<ResourceSets>((a, b) => sameElements(membersOf(a), membersOf(b)));
}

function createSidecars(
  shared: Shared,
  encoder: Encoder,
): (connected: ConnectedProxy) => ProxyBuilder {
  const { engine, ownClusters, security } = shared;
  const inbound = createInboundPart(engine, encoder);
  const bound = createBoundListeners(engine, encoder);
  return (connected) => {
    const { proxy } = connected;
    const scope = scopeFinder(shared, proxy);
    const serverLogs = logFinder(shared, proxy, "SERVER");
    const placed = placeFinder(shared, proxy);
    const clusters = engine.latest("clusters of a proxy", unionOf);
    const listeners = engine.latest("listeners of a proxy", unionOf);
    const settled = createSets(engine);
    const outboundListeners = (mesh: Mesh, { part, ...builder }: ScopeBuilder): ResourceSet => {
      if (proxy.mode !== "NONE") return builder.listeners(mesh);
      const { claims, unknown } = part(mesh);
      return bound({ proxy, claims, config: mesh.config, logs: builder.logs(mesh), unknown });
    };
    return (mesh) => {
      const builder = scope(mesh);
      const outbound = builder.part(mesh);
      const preferred = placed(mesh, builder);
      const filters = security(mesh, proxy, preferred.clusters);
      const logs = serverLogs(mesh);
      const own = inbound(inboundInputs(mesh, proxy, { logs, security: filters }));
      const sets = {
        clusters: clusters(preferred.clusters, own.clusters, ownClusters(connected)),
        endpoints: preferred.endpoints,
        listeners: listeners(outboundListeners(mesh, builder), own.listeners),
        secrets: Table.empty<EnvoyResource>(),
      };
      return settled(withRoutes(sets, outbound.routes));
    };
  };
}

function createRouters(
  shared: Shared,
  encoder: Encoder,
): (connected: ConnectedProxy) => ProxyBuilder {
  const { engine, ownClusters, security } = shared;
  const gateway = createGatewayPart(engine, encoder);
  const secrets = createGatewaySecrets(engine, encoder);
  return (connected) => {
    const { proxy } = connected;
    const scope = scopeFinder(shared, proxy);
    const clientLogs = logFinder(shared, proxy, "CLIENT");
    const placed = placeFinder(shared, proxy);
    const clusters = engine.latest("clusters of a proxy", unionOf);
    const settled = createSets(engine);
    return (mesh) => {
      const builder = scope(mesh);
      const preferred = placed(mesh, builder);
      const filters = security(mesh, proxy, preferred.clusters);
      const logs = clientLogs(mesh);
      const own = gateway(gatewayInputs(mesh, proxy, { logs, security: filters }));
      const sets = {
        clusters: clusters(preferred.clusters, own.clusters, ownClusters(connected)),
        endpoints: preferred.endpoints,
        listeners: own.listeners,
        secrets: secrets(gatewaySecretInputs(mesh, proxy)),
      };
      return settled(withRoutes(sets, own.routes));
    };
  };
}

/** The maker of proxies' resources. */
export function createProxyResources(engine: Engine, encoder: Encoder): ProxyResources {
  const logs = createLogs(engine);
  const scopes = createScopes(engine, encoder, logs);
  const ownClusters = createOwnClusters(engine, encoder);
  const security = createSecurity(engine);
  const shared = { engine, scopes, logs, ownClusters, security, places: createPlaces(engine) };
  const sidecar = createSidecars(shared, encoder);
  const router = createRouters(shared, encoder);
  const builderOf = engine.memo("builder of a proxy", (connected: ConnectedProxy) =>
    engine.latest(
      "resources of a proxy",
      connected.proxy.type === "router" ? router(connected) : sidecar(connected),
    ),
  );
  return {
    resourcesOf: (mesh, connected) => builderOf(connected)(mesh),
    forgetScopesWithout: scopes.forgetScopesWithout,
  };
}
