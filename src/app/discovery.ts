/** From the configuration and the proxies to what each proxy should hold: the engine, run after each change. */
import { Engine } from "../base/engine.js";
import { Table } from "../base/table.js";
import { type MeshConfig, meshConfigOf } from "../config/mesh-config.js";
import type { ConfigSnapshot } from "../config/snapshot.js";
import type { Encoder } from "../envoy/encoder.js";
import type { LostPort } from "../envoy/listener/lost-ports.js";
import { type ConnectedProxy, createProxyResources } from "../envoy/proxy-resources.js";
import type { ProxySets } from "../envoy/resource-set.js";
import { createMesh } from "../mesh/create-mesh.js";
import type { EnvoyPatches } from "../mesh/envoy-filters.js";
import type { Health } from "../mesh/health-probe.js";
import type { IssuerKeys } from "../mesh/issuer-keys.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Proxy } from "../mesh/proxy.js";
import type { UnservedServer } from "../mesh/shared-ports.js";
import type { StandIn } from "../mesh/stand-in.js";

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

/** Discovery that starts with this snapshot and no proxies. */
export function createDiscovery(
  encoder: Encoder,
  snapshot: ConfigSnapshot,
  engine: Engine = new Engine(),
): Discovery {
  const build = createMesh(engine);
  const resources = createProxyResources(engine, encoder);
  const configOf = engine.memo("mesh configuration", meshConfigOf);
  const meshOf = (inputs: DiscoveryInputs): Mesh =>
    build({ ...inputs, config: configOf(inputs.snapshot.tables.ConfigMap.get(MESH_CONFIG_MAP)) });
  let inputs: DiscoveryInputs = { snapshot, proxies: Table.empty(), standIns: [] };
  let mesh = meshOf(inputs);
  const unservedIn = (one: Mesh, connected: readonly ConnectedProxy[]) =>
    one.gateways.size === 0
      ? []
      : connected.flatMap((proxy) => resources.unservedServers(one, proxy));
  const lostIn = (one: Mesh, connected: readonly ConnectedProxy[]) => [
    ...new Set(connected.flatMap((proxy) => resources.lostPorts(one, proxy))),
  ];
  const viewOf = (one: Mesh): MeshView => ({
    resourcesOf: (connected) => resources.resourcesOf(one, connected),
    unservedServers: (connected) => unservedIn(one, connected),
    lostPorts: (connected) => lostIn(one, connected),
  });
  return {
    update: (next) => {
      const same =
        next.snapshot.tables === inputs.snapshot.tables &&
        next.proxies === inputs.proxies &&
        next.health === inputs.health &&
        next.standIns === inputs.standIns &&
        next.federated === inputs.federated &&
        next.issuerKeys === inputs.issuerKeys;
      inputs = next;
      if (!same) mesh = meshOf(next);
      return !same;
    },
    resourcesOf: (connected) => resources.resourcesOf(mesh, connected),
    idlePatches: (connected) =>
      mesh.envoyFilters.size === 0
        ? []
        : [...new Set(connected.flatMap((one) => resources.idlePatches(mesh, one)))],
    unservedServers: (connected) => unservedIn(mesh, connected),
    lostPorts: (connected) => lostIn(mesh, connected),
    prepare: () => resources.prepare(() => mesh),
    meshConfig: () => mesh.config,
    mesh: () => mesh,
    view: () => viewOf(mesh),
    supposing: (supposed) => viewOf(meshOf({ ...inputs, snapshot: supposed })),
    forgetOthers: (proxies) => {
      resources.forgetScopesWithout(mesh, proxies);
    },
  };
}
