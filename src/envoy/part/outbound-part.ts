/**
 * The part of a proxy's configuration that all callers of a scope share: the clusters, endpoints, routes and outbound
 * listeners for every service that they can see. One part serves a thousand sidecars of a namespace.
 */
import { type Engine, sameElements } from "../../base/engine.js";
import { Table } from "../../base/table.js";
import type { MeshConfig } from "../../config/mesh-config.js";
import { type DestinationRule, findRule } from "../../mesh/destination-rule.js";
import { isSubsetOf } from "../../mesh/hostname.js";
import type { Labels } from "../../mesh/labels.js";
import { selects } from "../../mesh/labels.js";
import type { Mesh, VirtualServices } from "../../mesh/mesh.js";
import {
  namespaceMode,
  type PeerAuthentications,
  workloadMode,
} from "../../mesh/peer-authentication.js";
import type { Service } from "../../mesh/service.js";
import { serviceKey } from "../../mesh/service-endpoints.js";
import type { VirtualService } from "../../mesh/virtual-service.js";
import { isVisible } from "../../mesh/visibility.js";
import type { Workload } from "../../mesh/workload.js";
import { clusterEndpoints, loadAssignment } from "../cluster/load-assignment.js";
import { type ClientTraits, outboundClusters } from "../cluster/outbound-cluster.js";
import {
  blackHoleCluster,
  forwardProxyCluster,
  passthroughCluster,
} from "../cluster/static-cluster.js";
import type { Encoder } from "../encoder.js";
import { type OutboundClaim, outboundClaims } from "../listener/outbound-claim.js";
import { outboundClusterName } from "../names.js";
import { type EnvoyResource, type ResourceSet, resourceSet } from "../resource-set.js";
import { MESSAGE } from "./envoy-types.js";
import { createOutboundRoutes } from "./outbound-routes.js";

/** The proxies that share an outbound part. */
export interface OutboundScope {
  readonly namespace: string;
  /** The labels of the callers that some resource asks for. */
  readonly labels: Labels;
  readonly router: boolean;
  /** Connections are captured by the kernel. */
  readonly captured: boolean;
}

/** A host as the callers of a scope see it. */
export interface HostView {
  readonly hostname: string;
  readonly service: Service | undefined;
  readonly rule: DestinationRule | undefined;
  readonly virtualService: VirtualService | undefined;
}

/** What the scope's callers share. */
export interface OutboundPart {
  readonly clusters: ResourceSet;
  readonly endpoints: ResourceSet;
  readonly routes: ResourceSet;
  /** What the services ask of the outbound listeners, by `address_port`. */
  readonly claims: Table<Table<OutboundClaim>>;
}

const NO_WORKLOADS: readonly Workload[] = [];
const NO_ACCOUNTS: readonly string[] = [];

/** The service of a host that a scope's callers mean: their own namespace's, else a Kubernetes Service, else the first. */
function chooseService(group: Table<Service> | undefined, namespace: string): Service | undefined {
  const visible = (group?.sorted() ?? [])
    .map(([, service]) => service)
    .filter((service) => isVisible(service.exportTo, namespace));
  return (
    visible.find((service) => service.namespace === namespace) ??
    visible.find((service) => service.kubernetes) ??
    visible[0]
  );
}

/** The VirtualService for a host: one that is exported to few before one that everyone sees, then the older one. */
function chooseVirtualService(
  hostname: string,
  exact: VirtualServices,
  wildcards: VirtualServices,
  namespace: string,
): VirtualService | undefined {
  const choose = (candidates: VirtualServices): VirtualService | undefined => {
    const visible = candidates.filter((one) => isVisible(one.exportTo, namespace));
    return visible.find((one) => !one.exportTo.everyone) ?? visible[0];
  };
  return (
    choose(exact) ??
    choose(wildcards.filter((one) => one.hosts.some((host) => isSubsetOf(hostname, host))))
  );
}

function sameView(a: HostView, b: HostView): boolean {
  return a.service === b.service && a.rule === b.rule && a.virtualService === b.virtualService;
}

interface ViewContext {
  readonly namespace: string;
  readonly rootNamespace: string;
}

/** The hosts that a scope's callers can see, by hostname. */
function createViews(engine: Engine): (mesh: Mesh, scope: OutboundScope) => Table<HostView> {
  const derive = engine.derive<
    [Table<Service>, readonly DestinationRule[], VirtualServices],
    [readonly DestinationRule[], VirtualServices, ViewContext],
    HostView
  >(
    "host views",
    (hostname, [group, rules, virtualServices], wildcardRules, wildcards, context) => {
      const { namespace, rootNamespace } = context;
      const service = chooseService(group, namespace);
      const virtualService = chooseVirtualService(
        hostname,
        virtualServices ?? [],
        wildcards,
        namespace,
      );
      if (service === undefined && virtualService === undefined) return undefined;
      const rule =
        service &&
        findRule(rules ?? [], wildcardRules, {
          clientNamespace: namespace,
          service,
          rootNamespace,
        });
      return { hostname, service, rule, virtualService };
    },
    sameView,
  );
  const settle = engine.settle<ViewContext>(
    (a, b) => a.namespace === b.namespace && a.rootNamespace === b.rootNamespace,
  );
  return (mesh, scope) =>
    derive(
      [mesh.servicesByHost, mesh.rules, mesh.virtualServices],
      mesh.wildcardRules,
      mesh.wildcardVirtualServices,
      settle({ namespace: scope.namespace, rootNamespace: mesh.config.rootNamespace }),
    );
}

/** Everything that the clusters of a service depend on. */
interface ClusterInputs {
  readonly service: Service;
  readonly rule: DestinationRule | undefined;
  readonly accounts: readonly string[];
  readonly workloads: readonly Workload[];
  readonly client: ClientTraits;
  readonly policies: PeerAuthentications;
}

type EndpointInputs = Pick<ClusterInputs, "service" | "rule" | "workloads" | "policies">;

/** The encoders of the services' resources, remembered across all scopes: equal inputs give the same objects. */
export interface SharedBuilders {
  readonly clusters: (inputs: ClusterInputs) => ResourceSet;
  readonly endpoints: (inputs: EndpointInputs) => ResourceSet;
}

/** Services whose endpoints are told by the control plane: the others are resolved by Envoy, or not at all. */
function usesEds(service: Service): boolean {
  return service.resolution === "static" || service.resolution === "none";
}

function buildClusters(encoder: Encoder, inputs: ClusterInputs): ResourceSet {
  const mode = namespaceMode(inputs.policies, inputs.service.namespace);
  return resourceSet(
    outboundClusters({ ...inputs, mode }).map(({ name, json }) => ({
      name,
      ...encoder.encode(MESSAGE.cluster, json),
      ...(json.type === "EDS" ? { endpoints: name } : {}),
    })),
  );
}

function buildEndpoints(encoder: Encoder, inputs: EndpointInputs): ResourceSet {
  const { service, rule, workloads, policies } = inputs;
  const { hostname } = service;
  const subsets = [{ name: "", labels: {} }, ...(rule?.spec.subsets ?? [])];
  const takesMeshTls = (workload: Workload, port: number): boolean =>
    workload.meshTls && workloadMode(policies, workload, port) !== "DISABLE";
  const ports = service.ports.filter(({ protocol }) => protocol !== "UDP");
  return resourceSet(
    ports.flatMap((port) =>
      subsets.map(({ name: subset, labels }): EnvoyResource => {
        const name = outboundClusterName({ port: port.number, subset, hostname });
        const selected = workloads.filter((one) => selects(labels ?? {}, one.labels));
        const endpoints = clusterEndpoints(selected, port, takesMeshTls);
        return { name, ...encoder.encode(MESSAGE.endpoint, loadAssignment(name, endpoints)) };
      }),
    ),
  );
}

/** The builders that all scopes share. */
export function createSharedBuilders(engine: Engine, encoder: Encoder): SharedBuilders {
  return {
    clusters: engine.memoFields<ClusterInputs, ResourceSet>(
      "clusters of a service",
      ["service", "rule", "accounts", "workloads", "client", "policies"],
      (inputs) => buildClusters(encoder, inputs),
    ),
    endpoints: engine.memoFields<EndpointInputs, ResourceSet>(
      "endpoints of a service",
      ["service", "rule", "workloads", "policies"],
      (inputs) => buildEndpoints(encoder, inputs),
    ),
  };
}

function createServiceClusters(
  engine: Engine,
  shared: SharedBuilders,
): (views: Table<HostView>, mesh: Mesh, client: ClientTraits) => ResourceSet {
  const derive = engine.derive<
    [HostView, Table<readonly string[]>, Table<readonly Workload[]>],
    [ClientTraits, PeerAuthentications],
    ResourceSet
  >("clusters", (_host, [view, accounts, workloads], client, policies) => {
    if (view?.service === undefined) return undefined;
    const { service } = view;
    const key = serviceKey(service);
    return shared.clusters({
      service,
      rule: view.rule,
      accounts: accounts?.get(key) ?? NO_ACCOUNTS,
      workloads: usesEds(service) ? NO_WORKLOADS : (workloads?.get(key) ?? NO_WORKLOADS),
      client,
      policies,
    });
  });
  const flat = engine.flatten<EnvoyResource>("clusters by name");
  return (views, mesh, client) =>
    flat(derive([views, mesh.accounts, mesh.endpoints], client, mesh.peerAuthentications));
}

function createServiceEndpoints(
  engine: Engine,
  shared: SharedBuilders,
): (views: Table<HostView>, mesh: Mesh) => ResourceSet {
  const derive = engine.derive<
    [HostView, Table<readonly Workload[]>],
    [PeerAuthentications],
    ResourceSet
  >("endpoints", (_host, [view, workloads], policies) => {
    if (view?.service === undefined || !usesEds(view.service)) return undefined;
    return shared.endpoints({
      service: view.service,
      rule: view.rule,
      workloads: workloads?.get(serviceKey(view.service)) ?? NO_WORKLOADS,
      policies,
    });
  });
  const flat = engine.flatten<EnvoyResource>("endpoints by name");
  return (views, mesh) => flat(derive([views, mesh.endpoints], mesh.peerAuthentications));
}

function sameClaims(a: Table<OutboundClaim>, b: Table<OutboundClaim>): boolean {
  return JSON.stringify(a.sorted()) === JSON.stringify(b.sorted());
}

/** What the services ask of outbound listeners, by `address_port`, then by claim. */
function createClaims(
  engine: Engine,
): (views: Table<HostView>, mesh: Mesh, scope: OutboundScope) => Table<Table<OutboundClaim>> {
  const derive = engine.derive<[HostView], [Mesh["resolver"], OutboundScope], Table<OutboundClaim>>(
    "listener claims",
    (hostname, [view], resolver, source) => {
      if (view?.service === undefined) return undefined;
      const context = { gateways: ["mesh"], resolver, source };
      const claims = outboundClaims(view.service, view.virtualService, context);
      return Table.from(claims.map((claim, i) => [`${hostname}#${String(i)}`, claim] as const));
    },
    sameClaims,
  );
  const flat = engine.flatten<OutboundClaim>("listener claims by service");
  const group = engine.group<OutboundClaim>("listener claims by address", (claim) => [
    `${claim.address}_${String(claim.port)}`,
  ]);
  return (views, mesh, scope) => group(flat(derive([views], mesh.resolver, scope)));
}

/** The clusters that do not depend on services. */
function createStaticClusters(
  engine: Engine,
  encoder: Encoder,
): (
  connectTimeout: string,
  captured: boolean,
  router: boolean,
  mode: string,
) => readonly EnvoyResource[] {
  return engine.memo("static clusters", (connectTimeout, captured, router, mode) => {
    const unknown = captured
      ? [passthroughCluster(connectTimeout)]
      : mode === "ALLOW_ANY"
        ? [forwardProxyCluster(connectTimeout)]
        : [];
    return [blackHoleCluster(connectTimeout), ...(router ? [] : unknown)].map((json) => ({
      name: json.name ?? "",
      ...encoder.encode(MESSAGE.cluster, json),
    }));
  });
}

const sameTraits = (a: ClientTraits, b: ClientTraits): boolean =>
  sameElements(Object.values(a), Object.values(b));

/** Settles the traits of a client, so that all scopes of a kind share one object. */
export function createClientTraits(
  engine: Engine,
): (config: MeshConfig, scope: OutboundScope) => ClientTraits {
  const settled = engine.memo("client traits", (_router: boolean, _captured: boolean) =>
    engine.settle(sameTraits),
  );
  return (config, { router, captured }) =>
    settled(
      router,
      captured,
    )({
      router,
      captured,
      trustDomain: config.trustDomain,
      autoMtls: config.enableAutoMtls,
      connectTimeout: config.connectTimeout,
      dnsRefreshRate: config.dnsRefreshRate,
    });
}

/** The builder of one scope's part. */
export function createOutboundPart(
  engine: Engine,
  encoder: Encoder,
  shared: SharedBuilders,
  traits: (config: MeshConfig, scope: OutboundScope) => ClientTraits,
): (mesh: Mesh, scope: OutboundScope) => OutboundPart {
  const views = createViews(engine);
  const clusters = createServiceClusters(engine, shared);
  const endpoints = createServiceEndpoints(engine, shared);
  const routes = createOutboundRoutes(engine, encoder);
  const claims = createClaims(engine);
  const statics = createStaticClusters(engine, encoder);
  return (mesh, scope) => {
    const visible = views(mesh, scope);
    const client = traits(mesh.config, scope);
    const { mode } = mesh.config.outboundTrafficPolicy;
    const { connectTimeout } = mesh.config;
    let all = clusters(visible, mesh, client);
    for (const one of statics(connectTimeout, scope.captured, scope.router, mode)) {
      all = all.with(one.name, one);
    }
    return {
      clusters: all,
      endpoints: endpoints(visible, mesh),
      routes: scope.router ? Table.empty() : routes(visible, mesh, scope),
      claims: scope.router ? Table.empty() : claims(visible, mesh, scope),
    };
  };
}
