/**
 * All that one proxy is sent: the union of the part that it shares with the callers of its scope, the part of its workload
 * or of its Gateways, and what is its own.
 */
import type { Engine } from "../base/engine.js";
import { overlay, sameElements } from "../base/engine.js";
import { Table } from "../base/table.js";
import type { Labels } from "../mesh/labels.js";
import { failoverLabels, type Place, placeLabels } from "../mesh/locality-balancing.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Proxy } from "../mesh/proxy.js";
import { buildIdentityCluster, type ControlPlaneAddress } from "./control-plane-cluster.js";
import type { Encoder } from "./encoder.js";
import { createClientSecrets } from "./part/client-secrets.js";
import { MESSAGE } from "./part/envoy-types.js";
import { createGatewayPart, gatewayInputs } from "./part/gateway-part.js";
import { createGatewaySecrets, gatewaySecretInputs } from "./part/gateway-secrets.js";
import { createInboundPart, inboundInputs, type OwnMesh, ownMesh } from "./part/inbound-part.js";
import { createLogs, type ListenerLogs } from "./part/logs.js";
import { createOnDemand } from "./part/on-demand.js";
import { createBoundListeners } from "./part/outbound-listeners.js";
import { createPassedPorts } from "./part/passed-ports.js";
import type { PlacedPart } from "./part/placed-part.js";
import type { ScopeBuilder } from "./part/scope-builder.js";
import {
  createPatches,
  createScopes,
  type Logs,
  type Patches,
  type ScopeInputs,
  type Scopes,
  scopeOf,
} from "./part/scopes.js";
import { createSecretResources, type SecretResources } from "./part/secret-resources.js";
import { createSecurity } from "./part/security.js";
import {
  type EnvoyResource,
  type ProxySets,
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
  resourcesOf(mesh: Mesh, connected: ConnectedProxy): ProxySets;
  /** Builds ahead what sidecars that come will share, a step at a time. */
  prepare(mesh: () => Mesh): Iterable<void>;
  /** Forgets what is remembered for scopes that none of these proxies is in. */
  forgetScopesWithout(mesh: Mesh, proxies: Iterable<Proxy>): void;
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

/** Finds out where proxies are, as far as some rule asks; proxies in one place are given one object. */
interface Places {
  readonly of: (mesh: Mesh, proxy: Proxy) => Place;
  /** The place of a proxy of which nothing is known that a rule asks for. */
  readonly unknown: (mesh: Mesh) => Place;
}

function createPlaces(engine: Engine): Places {
  const labelsAsked = engine.latest(
    "failover labels",
    (rules: Mesh["rules"], setting: Mesh["config"]["localityLbSetting"]) =>
      failoverLabels([...rules.values()].flat(), setting),
  );
  const settle = engine.settle<readonly string[]>(sameElements);
  const asked = ({ rules, config }: Mesh): readonly string[] =>
    settle(labelsAsked(rules, config.localityLbSetting));
  const shared = engine.memo(
    "place",
    (_asked: readonly string[], key: string) => JSON.parse(key) as Place,
  );
  const place = (keys: readonly string[], locality: string, labels: Labels): Place => {
    const known = keys.map((key) => [key, labels[key] ?? ""] as const);
    return shared(keys, JSON.stringify({ locality, labels: Object.fromEntries(known) }));
  };
  const placeOf = engine.memo("place of a proxy", (proxy: Proxy, keys: readonly string[]) =>
    place(keys, proxy.locality, placeLabels(proxy)),
  );
  return {
    of: (mesh, proxy) => placeOf(proxy, asked(mesh)),
    unknown: (mesh) => place(asked(mesh), "", {}),
  };
}

/** Makes all that one proxy is sent, of one mesh after another. */
type ProxyBuilder = (mesh: Mesh) => ProxySets;

/** What the builders of all proxies share. */
interface Shared {
  readonly engine: Engine;
  readonly scopes: Scopes;
  readonly logs: Logs;
  readonly ownClusters: ReturnType<typeof createOwnClusters>;
  readonly security: ReturnType<typeof createSecurity>;
  readonly places: Places;
  readonly patches: Patches;
  readonly secretResources: SecretResources;
  readonly clientSecrets: ReturnType<typeof createClientSecrets>;
}

/** Mostly the first, which many proxies share, and the others' resources, which have names of their own. */
function unionOf(first: ResourceSet, ...others: ResourceSet[]): ResourceSet {
  const entries = others.flatMap((other) => [...other]);
  const isNew = entries.every(([name]) => !first.has(name));
  return isNew ? first.extended(entries) : overlay(first, entries);
}

/** The builder of the scope that a proxy is in. */
function scopeFinder(
  { engine, scopes, patches }: Shared,
  proxy: Proxy,
): (mesh: Mesh) => ScopeBuilder {
  const find = engine.latestFields(
    "scope",
    ["callerLabels", "sidecars", "envoyFilters", "config"],
    (mesh: ScopeInputs & Pick<Mesh, "envoyFilters" | "config">) =>
      scopes.builderFor(scopeOf(mesh, proxy, patches.for(mesh, proxy))),
  );
  return ({ callerLabels, sidecars, envoyFilters, config }) =>
    find({ callerLabels, sidecars, envoyFilters, config });
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
    return all.placedViews.size === 0 ? all : placed(mesh, places.of(mesh, proxy));
  };
}

type LogSide = "CLIENT" | "SERVER";
type LogFinder = (mesh: Pick<Mesh, "telemetries" | "config">) => ListenerLogs;

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

/** What a sidecar's own part depends on. */
interface OwnInputs extends OwnMesh {
  /** The clusters that it can call: policies may send requests to some. Empty where there are no policies. */
  readonly reachable: ResourceSet;
}

const NO_CLUSTERS: ResourceSet = Table.empty();

const hasPolicies = ({ security }: Mesh): boolean =>
  security.authorization.size > 0 || security.requestAuthentication.size > 0;

const OWN_INPUTS: readonly (keyof OwnInputs)[] = [
  "reachable",
  "config",
  "peerAuthentications",
  "peerTrustDomains",
  "security",
  "telemetries",
  "sidecars",
  "envoyFilters",
  "services",
  "listing",
  "workloads",
];

function createSidecars(
  shared: Shared,
  encoder: Encoder,
): (connected: ConnectedProxy) => ProxyBuilder {
  const { engine, ownClusters, security, patches, clientSecrets } = shared;
  const { patching } = patches;
  const inbound = createInboundPart(engine, encoder);
  const bound = createBoundListeners(engine, encoder);
  const onDemand = createOnDemand(engine);
  return (connected) => {
    const { proxy } = connected;
    const scope = scopeFinder(shared, proxy);
    const serverLogs = logFinder(shared, proxy, "SERVER");
    const placed = placeFinder(shared, proxy);
    const clusters = engine.latest("clusters of a proxy", unionOf);
    const listeners = engine.latest("listeners of a proxy", unionOf);
    const settled = createSets(engine);
    const asking = proxy.onDemand ? onDemand() : undefined;
    const patchBound = patching.listeners();
    const patchInbound = { clusters: patching.clusters(), listeners: patching.listeners() };
    const outboundListeners = (mesh: Mesh, { part, ...builder }: ScopeBuilder): ResourceSet => {
      if (proxy.mode !== "NONE") return builder.listeners(mesh);
      const { claims, unknown } = part(mesh);
      const logs = builder.logs(mesh);
      const set = bound({ proxy, claims, config: mesh.config, logs, unknown });
      return patchBound(set, builder.patches(mesh));
    };
    const own = engine.latestFields("own part of a proxy", OWN_INPUTS, (inputs: OwnInputs) => {
      const filters = security(inputs, proxy, inputs.reachable);
      const logs = serverLogs(inputs);
      const part = inbound(inboundInputs(inputs, proxy, { logs, security: filters }));
      const side = patching.of(patches.for(inputs, proxy), "SIDECAR_INBOUND");
      return {
        clusters: patchInbound.clusters(part.clusters, side),
        listeners: patchInbound.listeners(part.listeners, side),
        needed: filters.services,
      };
    });
    const place = `${proxy.namespace}|${proxy.address}`;
    return (mesh) => {
      const builder = scope(mesh);
      const outbound = builder.part(mesh);
      const preferred = placed(mesh, builder);
      const ownPart = own({
        ...ownMesh(mesh, proxy, place),
        reachable: hasPolicies(mesh) ? preferred.clusters : NO_CLUSTERS,
      });
      const sets = {
        clusters: clusters(preferred.clusters, ownPart.clusters, ownClusters(connected)),
        endpoints: preferred.endpoints,
        listeners: listeners(outboundListeners(mesh, builder), ownPart.listeners),
        secrets: clientSecrets(mesh, proxy),
      };
      const all = settled(withRoutes(sets, outbound.routes));
      return asking === undefined ? all : asking(all, builder, ownPart.needed);
    };
  };
}

function createRouters(
  shared: Shared,
  encoder: Encoder,
): (connected: ConnectedProxy) => ProxyBuilder {
  const { engine, ownClusters, security, patches, secretResources, clientSecrets } = shared;
  const { patching } = patches;
  const gateway = createGatewayPart(engine, encoder);
  const served = createGatewaySecrets(engine, secretResources);
  return (connected) => {
    const { proxy } = connected;
    const scope = scopeFinder(shared, proxy);
    const clientLogs = logFinder(shared, proxy, "CLIENT");
    const placed = placeFinder(shared, proxy);
    const clusters = engine.latest("clusters of a proxy", unionOf);
    const secrets = engine.latest("secrets of a proxy", unionOf);
    const settled = createSets(engine);
    const patch = { listeners: patching.listeners(), routes: patching.routes() };
    const passedPorts = createPassedPorts(engine);
    return (mesh) => {
      const builder = scope(mesh);
      const preferred = placed(mesh, builder);
      const filters = security(mesh, proxy, preferred.clusters);
      const logs = clientLogs(mesh);
      const passed = passedPorts(mesh, preferred.clusters);
      const own = gateway(gatewayInputs(mesh, proxy, { logs, security: filters, passed }));
      const side = builder.patches(mesh);
      const sets = {
        clusters: clusters(preferred.clusters, own.clusters, ownClusters(connected)),
        endpoints: preferred.endpoints,
        listeners: patch.listeners(own.listeners, side),
        secrets: secrets(served(gatewaySecretInputs(mesh, proxy)), clientSecrets(mesh, proxy)),
      };
      return settled(withRoutes(sets, patch.routes(own.routes, side)));
    };
  };
}

/** The maker of proxies' resources. */
export function createProxyResources(engine: Engine, encoder: Encoder): ProxyResources {
  const logs = createLogs(engine);
  const patches = createPatches(engine, encoder);
  const scopes = createScopes(engine, encoder, logs, patches);
  const ownClusters = createOwnClusters(engine, encoder);
  const security = createSecurity(engine);
  const places = createPlaces(engine);
  const secretResources = createSecretResources(engine, encoder);
  const clientSecrets = createClientSecrets(engine, secretResources);
  const shared = {
    engine,
    scopes,
    logs,
    ownClusters,
    security,
    places,
    patches,
    secretResources,
    clientSecrets,
  };
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
    prepare: (mesh) => scopes.prepare(mesh, places.unknown),
    forgetScopesWithout: scopes.forgetScopesWithout,
  };
}
