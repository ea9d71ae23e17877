/**
 * All that one proxy is sent: the union of the part that it shares with the callers of its scope, the part of its workload
 * or of its Gateways, and what is its own.
 */
import type { Engine } from "../../base/engine.js";
import { sameElements } from "../../base/engine.js";
import { Table } from "../../base/table.js";
import type { ResourceOf } from "../../config/kinds.js";
import type { EnvoyPatches } from "../../mesh/extension/envoy-filters.js";
import type { UnservedServer } from "../../mesh/gateway/shared-ports.js";
import type { Mesh } from "../../mesh/mesh.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";
import { createPlaces, type Places } from "../../mesh/routing/client-localities.js";
import { groupOf, memberProxy } from "../../mesh/workload/group-member.js";
import {
  buildIdentityCluster,
  type ControlPlaneAddress,
} from "../bootstrap/control-plane-cluster.js";
import { createExtensionConfigs } from "../extension/extension-resources.js";
import { createSecurity } from "../filter/applied-security.js";
import { createPassedPorts } from "../gateway/auto-passthrough.js";
import {
  createGatewayPart,
  createGatewayServers,
  type GatewayServers,
  gatewayInputs,
  serverInputs,
} from "../gateway/gateway-part.js";
import { createGatewaySecrets, gatewaySecretInputs } from "../gateway/gateway-secrets.js";
import { createInboundPart } from "../inbound/inbound-part.js";
import { createOwnPart, type OwnPart, type OwnPartBuilder } from "../inbound/workload-part.js";
import type { LostPort } from "../listener/lost-ports.js";
import { lostPortsIn } from "../outbound/listeners.js";
import { partAt } from "../outbound/scope-builder.js";
import { createScopes, type Scopes } from "../outbound/scopes.js";
import { createPatchCheck } from "../patch/check-patch.js";
import { isForSide, sidesOf } from "../patch/compiled-patch.js";
import { createPatches, type Patches } from "../patch/patches.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import {
  type EnvoyResource,
  madeSets,
  type ProxySets,
  proxySets,
  type ResourceSet,
  type ResourceSets,
  resourceSet,
  type SetParts,
  unionOf,
} from "../resource/resource-set.js";
import { createNameTables } from "../sidecar/dns.js";
import { createOnDemand } from "../sidecar/on-demand.js";
import { createSidecarListeners } from "../sidecar/sidecar-listeners.js";
import { createSidecarOutbound, type SidecarOutbound } from "../sidecar/sidecar-outbound.js";
import { createLogFinder } from "../telemetry/log-finder.js";
import { createLogs, type Logs } from "../telemetry/proxy-logs.js";
import { createClientSecrets } from "../tls/client-secrets.js";
import { createSecretResources, type SecretResources } from "../tls/secret-resources.js";
import { createSurroundings } from "./mesh-context.js";
import { createPositions, type Position } from "./proxy-context.js";

/** A proxy and how it reaches its control plane, where it said so. */
export interface ConnectedProxy {
  readonly proxy: Proxy;
  readonly controlPlane: ControlPlaneAddress | undefined;
}

/** Makes the resources of proxies, for one mesh after another. */
export interface ProxyResources {
  /** What a proxy should hold in this mesh. Equal parts are the same objects as before. */
  resourcesOf(mesh: Mesh, connected: ConnectedProxy): ProxySets;
  /** Builds in advance what sidecars that may connect later will share, a step at a time. */
  prepare(mesh: () => Mesh): Iterable<void>;
  /** Those of the patches for a proxy that have changed nothing of what any proxy was to be sent. */
  idlePatches(mesh: Mesh, connected: ConnectedProxy): EnvoyPatches;
  /** The servers of Gateways for a proxy that are not served. */
  unservedServers(mesh: Mesh, connected: ConnectedProxy): readonly UnservedServer[];
  /** The ports of services that no connection of bytes through a proxy leads to. */
  lostPorts(mesh: Mesh, connected: ConnectedProxy): readonly LostPort[];
  /** Forgets what is remembered for scopes that none of these proxies is in. */
  forgetScopesWithout(mesh: Mesh, proxies: Iterable<Proxy>): void;
}

/**
 * Adds a proxy's own clusters to those that it shares: the given ones and, if it has a certificate, the one that leads back
 * here.
 */
type ClusterUnion = (shared: ResourceSet, own: ResourceSet) => ResourceSet;

/** The makers of these, one for each proxy. */
function createClusterUnions(
  engine: Engine,
  encoder: Encoder,
): (connected: ConnectedProxy) => ClusterUnion {
  const wayBack = engine.memo("way back of a proxy", ({ controlPlane }: ConnectedProxy) => {
    if (controlPlane === undefined) return Table.empty<EnvoyResource>();
    const json = buildIdentityCluster(controlPlane);
    return resourceSet([{ name: json.name ?? "", ...encoder.encode(MESSAGE.cluster, json) }]);
  });
  return (connected) => {
    const all = engine.latest("clusters of a proxy", unionOf);
    const ownOf = engine.latest("own clusters of a proxy", unionOf);
    return (shared, own) => all(shared, ownOf(own, wayBack(connected)));
  };
}

/** Makes all that one proxy is sent, of one mesh after another. */
type ProxyBuilder = (mesh: Mesh) => ProxySets;

/** What the builders of all proxies share. */
interface Shared {
  readonly engine: Engine;
  readonly positionFinder: ReturnType<typeof createPositions>;
  readonly gatewayServersOf: GatewayServers;
  readonly logs: Logs;
  readonly clusterUnions: ReturnType<typeof createClusterUnions>;
  readonly security: ReturnType<typeof createSecurity>;
  readonly patches: Patches;
  readonly secretResources: SecretResources;
  readonly clientSecrets: ReturnType<typeof createClientSecrets>;
  readonly extensionConfigs: ReturnType<typeof createExtensionConfigs>;
  readonly outbound: ReturnType<typeof createSidecarOutbound>;
  readonly nameTables: ReturnType<typeof createNameTables>;
}

/** Returns the former sets as long as nothing in them changes. */
function createSets(engine: Engine): (sets: ResourceSets) => ResourceSets {
  return engine.settle<ResourceSets>((a, b) => sameElements(madeSets(a), madeSets(b)));
}

/** The sets of a sidecar that have something of its own in them. */
type OwnSetParts = Pick<SetParts, "clusters" | "listeners" | "names" | "secrets" | "extensions">;

/** What these are made of. Most edits change endpoints or routes, and so nothing of it. */
interface OwnSetInputs extends Pick<SidecarOutbound, "clusters" | "listeners" | "names"> {
  readonly own: OwnPart;
  readonly secrets: ResourceSet;
  readonly extensions: ResourceSet;
}

/** What a sidecar's position decides, before it is known which clusters it has. */
interface PositionedSidecar {
  readonly outbound: (mesh: Mesh) => SidecarOutbound;
  readonly own: ReturnType<OwnPartBuilder["inputsAt"]>;
  readonly secrets: ResourceSet;
  readonly extensions: ResourceSet;
}

function createSidecars(
  shared: Shared,
  encoder: Encoder,
): (connected: ConnectedProxy) => ProxyBuilder {
  const { engine, clusterUnions, clientSecrets, extensionConfigs, outbound: outboundAt } = shared;
  const inbound = createInboundPart(engine, encoder, shared.secretResources);
  const onDemand = createOnDemand(engine);
  const listenersOf = createSidecarListeners(shared, encoder);
  return (connected) => {
    const { proxy } = connected;
    const positionIn = shared.positionFinder(proxy);
    const ownPart = createOwnPart({ ...shared, inbound }, proxy);
    const positioned = engine.latestOf(
      "standing of a sidecar",
      (position: Position): PositionedSidecar => ({
        outbound: outboundAt(position.scope, proxy.mode !== "NONE", position.place),
        own: ownPart.inputsAt(position),
        secrets: clientSecrets(position.around.credentials, proxy),
        extensions: extensionConfigs(position.around.extending, proxy),
      }),
    );
    const clusters = clusterUnions(connected);
    const listeners = listenersOf(proxy);
    const asking = proxy.onDemand ? onDemand() : undefined;
    const secretsOf = engine.latest("secrets of a sidecar", unionOf);
    const ownSets = engine.latestFields<OwnSetInputs, OwnSetParts>(
      "what sets of a proxy have of its own",
      {
        ...{ clusters: true, listeners: true, names: true, own: true, secrets: true },
        extensions: true,
      },
      (inputs) => ({
        clusters: clusters(inputs.clusters, inputs.own.clusters),
        ...listeners(inputs, inputs.own.listeners),
        secrets: secretsOf(inputs.secrets, inputs.own.secrets),
        extensions: inputs.extensions,
      }),
    );
    const together = engine.latest(
      "sets of a proxy",
      (outbound: SidecarOutbound, own: OwnPart, secrets: ResourceSet, extensions: ResourceSet) => {
        const { clusters, listeners, names } = outbound;
        return proxySets(
          ownSets({ clusters, listeners, names, own, secrets, extensions }),
          outbound,
        );
      },
    );
    return (mesh) => {
      const { outbound: outboundOf, own: inputs, ...others } = positioned(positionIn(mesh));
      const outbound = outboundOf(mesh);
      const own = ownPart.build(inputs, outbound.clusters);
      const all = together(outbound, own, others.secrets, others.extensions);
      return asking === undefined ? all : asking(all, outbound.scope, own.needed);
    };
  };
}

function createRouters(
  shared: Shared,
  encoder: Encoder,
): (connected: ConnectedProxy) => ProxyBuilder {
  const { engine, clusterUnions, security, patches } = shared;
  const { secretResources, clientSecrets, nameTables, extensionConfigs } = shared;
  const { patching } = patches;
  const gateway = createGatewayPart(engine, encoder, shared.gatewayServersOf);
  const served = createGatewaySecrets(engine, secretResources);
  return (connected) => {
    const { proxy } = connected;
    const positionIn = shared.positionFinder(proxy);
    const clientLogs = createLogFinder(shared, proxy, "CLIENT");
    const clusters = clusterUnions(connected);
    const secrets = engine.latest("secrets of a proxy", unionOf);
    const settled = createSets(engine);
    const patch = { listeners: patching.listeners(), routes: patching.routes() };
    const passedPorts = createPassedPorts(engine);
    return (mesh) => {
      const { scope: builder, place } = positionIn(mesh);
      const preferred = partAt(builder, mesh, () => place);
      const filters = security(mesh, proxy, preferred.clusters);
      const logs = clientLogs(mesh, preferred.clusters);
      const passed = passedPorts(mesh, preferred.clusters);
      const own = gateway(gatewayInputs(mesh, proxy, { logs, security: filters, passed }));
      const side = patching.forServers(builder.patches(mesh), own.ports);
      const sets = proxySets(
        {
          clusters: clusters(preferred.clusters, own.clusters),
          listeners: engine.lazy(() => patch.listeners(own.listeners.get(), side)),
          secrets: secrets(served(gatewaySecretInputs(mesh, proxy)), clientSecrets(mesh, proxy)),
          extensions: extensionConfigs(mesh, proxy),
          names: engine.lazy(() => nameTables(builder.part(mesh).names.get(), proxy)),
        },
        {
          endpoints: preferred.endpoints,
          routes: engine.lazy(() => patch.routes(own.routes, side)),
        },
      );
      return settled(sets);
    };
  };
}

/** Completes a proxy by its WorkloadGroup; the result is the same object while neither changes. */
function createMembers(
  engine: Engine,
): (mesh: Pick<Mesh, "groups">, connected: ConnectedProxy) => ConnectedProxy {
  const inGroup = engine.memo(
    "proxy of a group",
    (connected: ConnectedProxy, group: ResourceOf<"WorkloadGroup">): ConnectedProxy => ({
      ...connected,
      proxy: memberProxy(connected.proxy, group),
    }),
  );
  return ({ groups }, connected) => {
    const group = groupOf(connected.proxy, groups);
    return group === undefined ? connected : inGroup(connected, group);
  };
}

/** Only gateways have servers. */
const unservedFor = (
  { gatewayServersOf }: Pick<Shared, "gatewayServersOf">,
  mesh: Mesh,
  proxy: Proxy,
): readonly UnservedServer[] =>
  proxy.type === "router" ? gatewayServersOf(serverInputs(mesh, proxy)).unserved : [];

/** The finder of the ports that no connection through a proxy leads to: only where nothing is captured there are some. */
function createLostPorts({
  engine,
  positionFinder,
  outbound,
}: Pick<Shared, "engine" | "positionFinder" | "outbound">): (
  mesh: Mesh,
  proxy: Proxy,
) => readonly LostPort[] {
  const lostIn = engine.memo("ports without connections", lostPortsIn);
  return (mesh, proxy) => {
    if (proxy.type === "router" || proxy.mode !== "NONE") return [];
    const { scope, place } = positionFinder(proxy)(mesh);
    const made = outbound(scope, false, place)(mesh).listeners.get();
    return made instanceof Table ? [] : lostIn(made.claims);
  };
}

function createShared(
  engine: Engine,
  encoder: Encoder,
): { readonly shared: Shared; readonly scopes: Scopes; readonly places: Places } {
  const logs = createLogs(engine);
  const patches = createPatches(engine, encoder);
  const scopes = createScopes(engine, encoder, logs, patches);
  const places = createPlaces(engine);
  const surroundingsOf = createSurroundings(engine, places);
  const secretResources = createSecretResources(engine, encoder);
  const shared: Shared = {
    engine,
    positionFinder: engine.memo(
      "finder of a proxy's position",
      createPositions({ engine, scopes, patches, places, surroundingsOf }),
    ),
    gatewayServersOf: createGatewayServers(engine),
    logs,
    clusterUnions: createClusterUnions(engine, encoder),
    security: createSecurity(engine),
    patches,
    secretResources,
    clientSecrets: createClientSecrets(engine, secretResources),
    extensionConfigs: createExtensionConfigs(engine, encoder, patches),
    outbound: createSidecarOutbound(engine),
    nameTables: createNameTables(engine, encoder),
  };
  return { shared, scopes, places };
}

/** The maker of proxies' resources. */
export function createProxyResources(engine: Engine, encoder: Encoder): ProxyResources {
  const { shared, scopes, places } = createShared(engine, encoder);
  const { patches } = shared;
  const sidecar = createSidecars(shared, encoder);
  const router = createRouters(shared, encoder);
  const builderOf = engine.memo("builder of a proxy", (connected: ConnectedProxy) =>
    engine.latestOf(
      "resources of a proxy",
      connected.proxy.type === "router" ? router(connected) : sidecar(connected),
    ),
  );
  const memberOf = createMembers(engine);
  const resourcesOf: ProxyResources["resourcesOf"] = (mesh, connected) =>
    builderOf(memberOf(mesh, connected))(mesh);
  const check = createPatchCheck(encoder);
  const lostFor = createLostPorts(shared);
  return {
    resourcesOf,
    idlePatches: (mesh, connected) => {
      const { proxy } = memberOf(mesh, connected);
      const given = patches.for(mesh, proxy);
      if (given.length === 0) return given;
      // A patch has an effect when what it is for is made.
      madeSets(resourcesOf(mesh, connected));
      const sides = sidesOf(proxy);
      return given.filter(
        (patch) =>
          // The bootstrap is no matter of what is sent: its patches are made where it is.
          patch.applyTo !== "BOOTSTRAP" &&
          sides.some((side) => isForSide(patch, side)) &&
          !patches.patching.hasEffect(patch) &&
          check(patch) === undefined,
      );
    },
    unservedServers: (mesh, connected) =>
      unservedFor(shared, mesh, memberOf(mesh, connected).proxy),
    lostPorts: (mesh, connected) => lostFor(mesh, memberOf(mesh, connected).proxy),
    prepare: (mesh) => scopes.prepare(mesh, places.unknown),
    forgetScopesWithout: (mesh, proxies) => {
      const members = [...proxies].map((proxy) => memberProxy(proxy, groupOf(proxy, mesh.groups)));
      scopes.forgetScopesWithout(mesh, members);
    },
  };
}
