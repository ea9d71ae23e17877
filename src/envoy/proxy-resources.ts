/**
 * All that one proxy is sent: the union of the part that it shares with the callers of its scope, the part of its workload
 * or of its Gateways, and what is its own.
 */
import type { Engine } from "../base/engine.js";
import { overlay } from "../base/engine.js";
import { Table } from "../base/table.js";
import { relevantLabels } from "../mesh/caller-labels.js";
import type { Mesh } from "../mesh/mesh.js";
import type { Proxy } from "../mesh/proxy.js";
import { buildIdentityCluster, type ControlPlaneAddress } from "./control-plane-cluster.js";
import type { Encoder } from "./encoder.js";
import { MESSAGE } from "./part/envoy-types.js";
import { createGatewayPart, createGatewaySecrets, gatewayInputs } from "./part/gateway-part.js";
import { createInboundPart, inboundInputs } from "./part/inbound-part.js";
import { createLogs, type ListenerLogs } from "./part/logs.js";
import { createBoundListeners, createCapturedListeners } from "./part/outbound-listeners.js";
import {
  createClientTraits,
  createOutboundPart,
  createSharedBuilders,
  type OutboundPart,
  type OutboundScope,
} from "./part/outbound-part.js";
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

interface ScopeBuilder {
  readonly scope: OutboundScope;
  readonly part: (mesh: Mesh, scope: OutboundScope) => OutboundPart;
  readonly listeners: ReturnType<typeof createCapturedListeners>;
}

function scopeOf(mesh: Mesh, proxy: Proxy): OutboundScope {
  return {
    namespace: proxy.namespace,
    labels: relevantLabels(proxy.labels, proxy.namespace, mesh.callerLabels),
    router: proxy.type === "router",
    captured: proxy.mode !== "NONE",
  };
}

const keyOf = (scope: OutboundScope): string => JSON.stringify(scope);

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
  const scopes = new Map<string, ScopeBuilder>();
  const shared = createSharedBuilders(engine, encoder);
  const traits = createClientTraits(engine);
  const logs = createLogs(engine);
  const inbound = createInboundPart(engine, encoder);
  const gateway = createGatewayPart(engine, encoder);
  const gatewaySecrets = createGatewaySecrets(engine, encoder);
  const bound = createBoundListeners(engine, encoder);
  const ownClusters = createOwnClusters(engine, encoder);

  const builderFor = (scope: OutboundScope): ScopeBuilder => {
    const key = keyOf(scope);
    let builder = scopes.get(key);
    if (builder === undefined) {
      const part = createOutboundPart(engine, encoder, shared, traits);
      const listeners = createCapturedListeners(engine, encoder);
      builder = { scope, part, listeners };
      scopes.set(key, builder);
    }
    return builder;
  };

  const outboundListeners = (
    mesh: Mesh,
    proxy: Proxy,
    builder: ScopeBuilder,
    { claims }: OutboundPart,
  ): ResourceSet => {
    const clientLogs = logs(mesh, { ...builder.scope, side: "CLIENT" });
    return proxy.mode === "NONE"
      ? bound({ proxy, claims, config: mesh.config, logs: clientLogs })
      : builder.listeners(claims, mesh.config, clientLogs);
  };

  const sidecar = (mesh: Mesh, connected: ConnectedProxy): ResourceSets => {
    const { proxy } = connected;
    const builder = builderFor(scopeOf(mesh, proxy));
    const outbound = builder.part(mesh, builder.scope);
    const { namespace, labels } = proxy;
    const serverLogs = logs(mesh, { namespace, labels, side: "SERVER" });
    const own = inbound(inboundInputs(mesh, proxy, serverLogs));
    return {
      clusters: overlay(overlay(outbound.clusters, own.clusters), ownClusters(connected)),
      endpoints: outbound.endpoints,
      listeners: overlay(outboundListeners(mesh, proxy, builder, outbound), own.listeners),
      routes: outbound.routes,
      secrets: Table.empty(),
    };
  };

  const router = (mesh: Mesh, connected: ConnectedProxy): ResourceSets => {
    const { proxy } = connected;
    const builder = builderFor(scopeOf(mesh, proxy));
    const outbound = builder.part(mesh, builder.scope);
    const { namespace, labels } = proxy;
    const gatewayLogs: ListenerLogs = logs(mesh, { namespace, labels, side: "CLIENT" });
    const own = gateway(gatewayInputs(mesh, proxy, gatewayLogs));
    return {
      clusters: overlay(outbound.clusters, ownClusters(connected)),
      endpoints: outbound.endpoints,
      listeners: own.listeners,
      routes: own.routes,
      secrets: gatewaySecrets({ proxy, gateways: mesh.gateways, secrets: mesh.secrets }),
    };
  };

  return {
    resourcesOf: (mesh, connected) =>
      connected.proxy.type === "router" ? router(mesh, connected) : sidecar(mesh, connected),
    forgetScopesWithout: (mesh, proxies) => {
      const wanted = new Set([...proxies].map((proxy) => keyOf(scopeOf(mesh, proxy))));
      for (const key of scopes.keys()) if (!wanted.has(key)) scopes.delete(key);
    },
  };
}
