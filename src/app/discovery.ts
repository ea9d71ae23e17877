/** From the configuration and the proxies to what each proxy should hold: the engine, run after each change. */
import { Engine } from "../base/engine/engine.js";
import { Table } from "../base/table/table.js";
import { type MeshConfig, meshConfigOf } from "../config/mesh-config/mesh-config.js";
import type { ConfigSnapshot } from "../config/snapshot.js";
import type { LostPort } from "../envoy/listener/lost-ports.js";
import type { ConnectedProxy } from "../envoy/proxy/connected-proxy.js";
import { createProxyResources, type ProxyResources } from "../envoy/proxy/proxy-resources.js";
import type { Encoder } from "../envoy/resource/encoder.js";
import { madeSets, type ProxySets } from "../envoy/resource/resource-set.js";
import { createMesh } from "../mesh/create-mesh.js";
import type { EnvoyPatches } from "../mesh/extension/envoy-filters.js";
import type { WasmModules } from "../mesh/extension/wasm-modules.js";
import type { UnservedServer } from "../mesh/gateway/shared-ports.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Proxy } from "../mesh/proxy/proxy.js";
import type { IssuerKeys } from "../mesh/security/issuer-keys.js";
import type { StandIn } from "../mesh/service/stand-in.js";
import type { Health } from "../mesh/workload/health-probe.js";
import { type LastGood, withLastGood } from "./last-good/last-good.js";
import { createLastGoodSets } from "./last-good/last-good-sets.js";
import { createFirstSight } from "./sessions/first-sight.js";

/** What discovery starts from. */
export interface DiscoveryInputs {
  readonly snapshot: ConfigSnapshot;
  readonly proxies: Table<Proxy>;
  /** What is known of the health of their applications; nothing when absent. */
  readonly health?: Table<Health>;
  readonly standIns: readonly StandIn[];
  /** The trust domains whose bundles are given; none when absent. */
  readonly federated?: readonly string[];
  /** Where the keys of issuers are whose rules do not say it; unknown when absent. */
  readonly issuerKeys?: IssuerKeys;
  /** What is known of the modules that plugins name; nothing when absent. */
  readonly wasmModules?: WasmModules;
}

/** What proxies should hold in one mesh, whatever comes after it. */
export interface MeshView {
  readonly resourcesOf: (connected: ConnectedProxy) => ProxySets;
  /** The servers of Gateways for some proxies that are not served. */
  readonly unservedServers: (connected: readonly ConnectedProxy[]) => readonly UnservedServer[];
  /** The ports of services that no connection of bytes through some proxies leads to. */
  readonly lostPorts: (connected: readonly ConnectedProxy[]) => readonly LostPort[];
}

/** See the top of this file. */
export interface Discovery {
  /** Takes new inputs; true when the mesh may be another one than before. */
  readonly update: (inputs: DiscoveryInputs) => boolean;
  /** What a proxy should hold now. */
  readonly resourcesOf: (connected: ConnectedProxy) => ProxySets;
  /** Those of the patches for some proxies that have changed nothing of what any proxy was to be sent, each once. */
  readonly idlePatches: (connected: readonly ConnectedProxy[]) => EnvoyPatches;
  /** The servers of Gateways for some proxies that are not served. */
  readonly unservedServers: (connected: readonly ConnectedProxy[]) => readonly UnservedServer[];
  /** The ports of services that no connection of bytes through some proxies leads to. */
  readonly lostPorts: (connected: readonly ConnectedProxy[]) => readonly LostPort[];
  /** Builds ahead what sidecars that come will share, a step at a time, so that the first of them are answered sooner. */
  readonly prepare: () => Iterable<void>;
  readonly meshConfig: () => MeshConfig;
  readonly mesh: () => Mesh;
  /** The mesh as it is now, to be looked at for longer. */
  readonly view: () => MeshView;
  /** The mesh as it would be now with another snapshot, which is not taken. */
  readonly supposing: (snapshot: ConfigSnapshot) => MeshView;
  /** Forgets what was remembered for proxies that are not among these. */
  readonly forgetOthers: (proxies: Iterable<Proxy>) => void;
}

/** Where Istio keeps the configuration of the mesh: a ConfigMap of this key. */
const MESH_CONFIG_MAP = "istio-system/istio";

/**
 * Discovery that starts with this snapshot and no proxies. What was good before it was refused is shown to the builders of a proxy
 * that is new before what is in force is, so that they have virtual hosts to send in the place of those that would be refused; of
 * clusters and listeners they are asked for what was good when there is something to be refused.
 */
export function createDiscovery(
  encoder: Encoder,
  snapshot: ConfigSnapshot,
  engine: Engine = new Engine(),
  lastGood: () => readonly LastGood[] = () => [],
): Discovery {
  const build = createMesh(engine);
  const resources = createProxyResources(engine, encoder);
  const configOf = engine.memo("mesh configuration", meshConfigOf);
  const meshOf = (inputs: DiscoveryInputs): Mesh =>
    build({ ...inputs, config: configOf(inputs.snapshot.tables.ConfigMap.get(MESH_CONFIG_MAP)) });
  let inputs: DiscoveryInputs = { snapshot, proxies: Table.empty(), standIns: [] };
  let mesh = meshOf(inputs);
  const goodMesh = engine.latest(
    "mesh of what was good",
    (now: DiscoveryInputs, kept: readonly LastGood[]) =>
      meshOf({ ...now, snapshot: withLastGood(now.snapshot, kept) }),
  );
  const goodSetsOf = (connected: ConnectedProxy, kept: readonly LastGood[]): ProxySets =>
    resources.resourcesOf(goodMesh(inputs, kept), connected);
  const firstSight = createFirstSight((connected) => {
    const kept = lastGood();
    if (kept.length === 0) return undefined;
    const sets = goodSetsOf(connected, kept);
    madeSets(sets);
    return sets;
  });
  const stoodIn = createLastGoodSets({ engine, kept: lastGood, goodSetsOf });
  const viewOf = viewsBy(resources);
  return {
    update: (next) => {
      const same = sameInputs(next, inputs);
      if (!same) mesh = meshOf(next);
      inputs = next;
      return !same;
    },
    resourcesOf: (connected) => {
      const good = firstSight.of(connected);
      return stoodIn(connected, resources.resourcesOf(mesh, connected), good);
    },
    idlePatches: (connected) =>
      mesh.envoyFilters.size === 0
        ? []
        : [...new Set(connected.flatMap((one) => resources.idlePatches(mesh, one)))],
    unservedServers: (connected) => viewOf(mesh).unservedServers(connected),
    lostPorts: (connected) => viewOf(mesh).lostPorts(connected),
    prepare: () => resources.prepare(() => mesh),
    meshConfig: () => mesh.config,
    mesh: () => mesh,
    view: () => viewOf(mesh),
    supposing: (supposed) => viewOf(meshOf({ ...inputs, snapshot: supposed })),
    forgetOthers: (proxies) => {
      firstSight.forget();
      resources.forgetScopesWithout(mesh, proxies);
      engine.age();
    },
  };
}

const sameInputs = (a: DiscoveryInputs, b: DiscoveryInputs): boolean =>
  a.snapshot.tables === b.snapshot.tables &&
  a.proxies === b.proxies &&
  a.health === b.health &&
  a.standIns === b.standIns &&
  a.federated === b.federated &&
  a.issuerKeys === b.issuerKeys &&
  a.wasmModules === b.wasmModules;

/** Looks at meshes by the builders of proxies' resources. */
function viewsBy(resources: ProxyResources): (mesh: Mesh) => MeshView {
  return (mesh) => ({
    resourcesOf: (connected) => resources.resourcesOf(mesh, connected),
    unservedServers: (connected) =>
      mesh.gateways.size === 0
        ? []
        : connected.flatMap((proxy) => resources.unservedServers(mesh, proxy)),
    lostPorts: (connected) => [
      ...new Set(connected.flatMap((proxy) => resources.lostPorts(mesh, proxy))),
    ],
  });
}
