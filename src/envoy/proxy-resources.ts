/**
 * All that one proxy is sent: the union of the part that it shares with the callers of its scope, the part of its workload
 * or of its Gateways, and what is its own.
 */
import type { Engine } from "../base/engine.js";
import { overlay } from "../base/engine.js";
import { Table } from "../base/table.js";
import { relevantLabels } from "../mesh/caller-labels.js";
import { createCommonViews, NO_NAMESPACE } from "../mesh/host-view.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Proxy } from "../mesh/proxy.js";
import { sidecarKey } from "../mesh/sidecar.js";
import { buildIdentityCluster, type ControlPlaneAddress } from "./control-plane-cluster.js";
import type { Encoder } from "./encoder.js";
import { MESSAGE } from "./part/envoy-types.js";
import { createGatewayPart, createGatewaySecrets, gatewayInputs } from "./part/gateway-part.js";
import { createInboundPart, inboundInputs } from "./part/inbound-part.js";
import { createLogs } from "./part/logs.js";
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
import { createSecurity } from "./part/security.js";
import { createSidecarPart } from "./part/sidecar-part.js";
import {
  type EnvoyResource,
  type ResourceSet,
  type ResourceSets,
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

/** Makes the part of one scope; of a mesh once, for all its proxies. */
interface ScopeBuilder {
  readonly scope: OutboundScope;
  readonly part: (mesh: Mesh) => OutboundPart;
  readonly listeners: ReturnType<typeof createCapturedListeners>;
}

type Scopes = Pick<ProxyResources, "forgetScopesWithout"> & {
  readonly builderFor: (mesh: Mesh, proxy: Proxy) => ScopeBuilder;
};

function scopeOf(mesh: Mesh, proxy: Proxy): OutboundScope {
  return {
    namespace: proxy.namespace,
    sidecar: proxy.type === "router" ? "" : sidecarKey(mesh.sidecars, proxy),
    labels: relevantLabels(proxy.labels, proxy.namespace, mesh.callerLabels),
    router: proxy.type === "router",
    captured: proxy.mode !== "NONE",
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

function createScopes(engine: Engine, encoder: Encoder): Scopes {
  const shared = createSharedBuilders(engine, encoder);
  const traits = createClientTraits(engine);
  const views = createCommonViews(engine);
  const viewsOf = engine.memo("common views", (mesh: Mesh) => views(mesh));
  const commons = new Map<string, (mesh: Mesh) => CommonPart>();
  const scopes = new Map<string, ScopeBuilder>();

  const commonFor = (kind: OutboundScope): ((mesh: Mesh) => CommonPart) => {
    const build = createCommonPart(engine, encoder, shared);
    return engine.memo("common part", (mesh: Mesh) =>
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
  const scopeBuilder = (scope: OutboundScope): ScopeBuilder => ({
    scope,
    part: engine.memo("outbound part", partOf(scope)),
    listeners: createCapturedListeners(engine, encoder),
  });
  return {
    builderFor: (mesh, proxy) => {
      const scope = scopeOf(mesh, proxy);
      return findOrMake(scopes, keyOf(scope), () => scopeBuilder(scope));
    },
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

/** The maker of proxies' resources. */
export function createProxyResources(engine: Engine, encoder: Encoder): ProxyResources {
  const { builderFor, forgetScopesWithout } = createScopes(engine, encoder);
  const logs = createLogs(engine);
  const security = createSecurity(engine);
  const inbound = createInboundPart(engine, encoder);
  const gateway = createGatewayPart(engine, encoder);
  const gatewaySecrets = createGatewaySecrets(engine, encoder);
  const bound = createBoundListeners(engine, encoder);
  const ownClusters = createOwnClusters(engine, encoder);
  const union = engine.memo("union of parts", (first: ResourceSet, ...others: ResourceSet[]) =>
    others.reduce(overlay<EnvoyResource>, first),
  );

  const outboundListeners = (
    mesh: Mesh,
    proxy: Proxy,
    { scope, listeners }: ScopeBuilder,
    { claims, unknown }: OutboundPart,
  ): ResourceSet => {
    const clientLogs = logs(mesh, { ...scope, side: "CLIENT" });
    return proxy.mode === "NONE"
      ? bound({ proxy, claims, config: mesh.config, logs: clientLogs, unknown })
      : listeners(claims, mesh.config, clientLogs, unknown);
  };

  const sidecar = (mesh: Mesh, connected: ConnectedProxy): ResourceSets => {
    const { proxy } = connected;
    const builder = builderFor(mesh, proxy);
    const outbound = builder.part(mesh);
    const serverLogs = logs(mesh, { ...proxy, side: "SERVER" });
    const filters = security(mesh, proxy, outbound.clusters);
    const own = inbound(inboundInputs(mesh, proxy, { logs: serverLogs, security: filters }));
    return {
      clusters: union(outbound.clusters, own.clusters, ownClusters(connected)),
      endpoints: outbound.endpoints,
      listeners: union(outboundListeners(mesh, proxy, builder, outbound), own.listeners),
      routes: outbound.routes,
      secrets: Table.empty(),
    };
  };

  const router = (mesh: Mesh, connected: ConnectedProxy): ResourceSets => {
    const { proxy } = connected;
    const outbound = builderFor(mesh, proxy).part(mesh);
    const gatewayLogs = logs(mesh, { ...proxy, side: "CLIENT" });
    const filters = security(mesh, proxy, outbound.clusters);
    const own = gateway(gatewayInputs(mesh, proxy, { logs: gatewayLogs, security: filters }));
    return {
      clusters: union(outbound.clusters, own.clusters, ownClusters(connected)),
      endpoints: outbound.endpoints,
      listeners: own.listeners,
      routes: own.routes,
      secrets: gatewaySecrets({ proxy, gateways: mesh.gateways, secrets: mesh.secrets }),
    };
  };

  const resourcesOf = engine.memo(
    "resources of a proxy",
    (connected: ConnectedProxy, mesh: Mesh) =>
      connected.proxy.type === "router" ? router(mesh, connected) : sidecar(mesh, connected),
  );
  return { resourcesOf: (mesh, connected) => resourcesOf(connected, mesh), forgetScopesWithout };
}
