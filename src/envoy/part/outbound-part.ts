/**
 * The part of a proxy's configuration that all callers of a scope share: the clusters, endpoints, routes and outbound
 * listeners for every service that they can see. One part serves a thousand sidecars of a namespace.
 */
import { type Engine, overlay, sameElements } from "../../base/engine.js";
import { Table } from "../../base/table.js";
import type { MeshConfig } from "../../config/mesh-config.js";
import type { DestinationRule } from "../../mesh/destination-rule.js";
import { createOwnViews, type HostView } from "../../mesh/host-view.js";
import { selects } from "../../mesh/labels.js";
import type { Mesh } from "../../mesh/mesh.js";
import {
  namespaceMode,
  type PeerAuthentications,
  workloadMode,
} from "../../mesh/peer-authentication.js";
import type { Service } from "../../mesh/service.js";
import { serviceKey } from "../../mesh/service-endpoints.js";
import type { Workload } from "../../mesh/workload.js";
import { clusterEndpoints, loadAssignment } from "../cluster/load-assignment.js";
import {
  type ClientTraits,
  outboundClusters,
  takesAddresses,
} from "../cluster/outbound-cluster.js";
import {
  blackHoleCluster,
  forwardProxyCluster,
  passthroughCluster,
} from "../cluster/static-cluster.js";
import type { Encoder } from "../encoder.js";
import type { OutboundClaim } from "../listener/outbound-claim.js";
import { outboundClusterName } from "../names.js";
import { type EnvoyResource, type ResourceSet, resourceSet } from "../resource-set.js";
import type { UnknownHosts } from "../unknown-hosts.js";
import { buildClaims, type ClaimInputs, createClaimGroups, createClaimRows } from "./claim-rows.js";
import { MESSAGE } from "./envoy-types.js";
import { createReplacement, type HostRows } from "./host-rows.js";
import {
  createRouteConfigurations,
  createVirtualHosts,
  type HostResource,
} from "./outbound-routes.js";
import type { OutboundScope } from "./outbound-scope.js";
import { createUnknownHosts } from "./scope-policy.js";

/** What the scope's callers share. */
export interface OutboundPart {
  readonly clusters: ResourceSet;
  readonly endpoints: ResourceSet;
  readonly routes: ResourceSet;
  /** What the services ask of the outbound listeners, by `address_port`. */
  readonly claims: Table<Table<OutboundClaim>>;
  readonly unknown: UnknownHosts;
}

const NO_WORKLOADS: readonly Workload[] = [];
const NO_ACCOUNTS: readonly string[] = [];

/** Everything that the clusters of a service depend on. */
interface ClusterInputs {
  readonly service: Service;
  readonly rule: DestinationRule | undefined;
  readonly accounts: readonly string[];
  readonly workloads: readonly Workload[];
  readonly allMeshTls: boolean;
  readonly client: ClientTraits;
  readonly policies: PeerAuthentications;
}

type EndpointInputs = Pick<ClusterInputs, "service" | "rule" | "workloads" | "policies">;

/** The encoders of the services' resources, remembered across all scopes: equal inputs give the same objects. */
export interface SharedBuilders {
  readonly clusters: (inputs: ClusterInputs) => ResourceSet;
  readonly endpoints: (inputs: EndpointInputs) => ResourceSet;
  readonly claims: (inputs: ClaimInputs) => Table<OutboundClaim>;
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
      ["service", "rule", "accounts", "workloads", "allMeshTls", "client", "policies"],
      (inputs) => buildClusters(encoder, inputs),
    ),
    endpoints: engine.memoFields<EndpointInputs, ResourceSet>(
      "endpoints of a service",
      ["service", "rule", "workloads", "policies"],
      (inputs) => buildEndpoints(encoder, inputs),
    ),
    claims: engine.memoFields<ClaimInputs, Table<OutboundClaim>>(
      "listener claims of a service",
      ["service", "virtualService", "resolver", "source", "pods"],
      buildClaims,
    ),
  };
}

/** What some hosts make: the rows of the host views that it is given. */
interface RowBuilder {
  readonly clusters: HostRows<EnvoyResource>;
  readonly endpoints: HostRows<EnvoyResource>;
  readonly virtualHosts: HostRows<HostResource>;
  readonly claims: HostRows<OutboundClaim>;
}

const takesMeshTls = ({ meshTls }: Workload): boolean => meshTls;

function createClusterRows(
  engine: Engine,
  shared: SharedBuilders,
): (views: Table<HostView>, mesh: Mesh, client: ClientTraits) => HostRows<EnvoyResource> {
  const derive = engine.derive<
    [HostView, Table<readonly string[]>, Table<readonly Workload[]>],
    [ClientTraits, PeerAuthentications],
    ResourceSet
  >("clusters", (_host, [view, accounts, workloads], client, policies) => {
    if (view?.service === undefined) return undefined;
    const { service, rule } = view;
    const key = serviceKey(service);
    const all = workloads?.get(key) ?? NO_WORKLOADS;
    return shared.clusters({
      service,
      rule,
      accounts: accounts?.get(key) ?? NO_ACCOUNTS,
      workloads: usesEds(service) ? NO_WORKLOADS : all,
      allMeshTls: takesAddresses(service, rule) && all.length > 0 && all.every(takesMeshTls),
      client,
      policies,
    });
  });
  const flat = engine.flatten<EnvoyResource>("clusters by name");
  return (views, mesh, client) => {
    const byHost = derive([views, mesh.accounts, mesh.endpoints], client, mesh.peerAuthentications);
    return { byHost, all: flat(byHost) };
  };
}

function createEndpointRows(
  engine: Engine,
  shared: SharedBuilders,
): (views: Table<HostView>, mesh: Mesh) => HostRows<EnvoyResource> {
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
  return (views, mesh) => {
    const byHost = derive([views, mesh.endpoints], mesh.peerAuthentications);
    return { byHost, all: flat(byHost) };
  };
}

/** The clusters that do not depend on services. */
export function createStaticClusters(
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

function sameTraits(a: ClientTraits, b: ClientTraits): boolean {
  const { trustDomains: domainsA, ...restA } = a;
  const { trustDomains: domainsB, ...restB } = b;
  return (
    sameElements(domainsA, domainsB) && sameElements(Object.values(restA), Object.values(restB))
  );
}

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
      trustDomains: [config.trustDomain, ...config.trustDomainAliases],
      autoMtls: config.enableAutoMtls,
      connectTimeout: config.connectTimeout,
      dnsRefreshRate: config.dnsRefreshRate,
    });
}

/** The builder of what hosts make. */
export function createRows(
  engine: Engine,
  encoder: Encoder,
  shared: SharedBuilders,
): (views: Table<HostView>, mesh: Mesh, scope: OutboundScope, client: ClientTraits) => RowBuilder {
  const clusters = createClusterRows(engine, shared);
  const endpoints = createEndpointRows(engine, shared);
  const virtualHosts = createVirtualHosts(engine, encoder);
  const claims = createClaimRows(engine, shared.claims);
  return (views, mesh, scope, client) => ({
    clusters: clusters(views, mesh, client),
    endpoints: endpoints(views, mesh),
    virtualHosts: scope.router ? NO_ROWS : virtualHosts(views, mesh, scope),
    claims: scope.router ? NO_ROWS : claims(views, mesh, scope),
  });
}

const NO_ROWS = { byHost: Table.empty<never>(), all: Table.empty<never>() };

/** What the scopes of one kind of caller share: the rows as callers of no namespace in particular see them. */
export interface CommonPart {
  readonly scope: OutboundScope;
  readonly client: ClientTraits;
  readonly rows: RowBuilder;
  /** `rows.claims` by the listener on which they are. */
  readonly claims: Table<Table<OutboundClaim>>;
}

/** The builder of the common part of a kind of caller. */
export function createCommonPart(
  engine: Engine,
  encoder: Encoder,
  shared: SharedBuilders,
): (mesh: Mesh, views: Table<HostView>, scope: OutboundScope, client: ClientTraits) => CommonPart {
  const rows = createRows(engine, encoder, shared);
  const group = createClaimGroups(engine);
  return (mesh, views, scope, client) => {
    const all = rows(views, mesh, scope, client);
    return { scope, client, rows: all, claims: group(all.claims.all) };
  };
}

/** The builder of one scope's part, from the common part of its kind of caller. */
export function createOutboundPart(
  engine: Engine,
  encoder: Encoder,
  shared: SharedBuilders,
): (mesh: Mesh, scope: OutboundScope, common: CommonPart) => OutboundPart {
  const views = createOwnViews(engine);
  const rows = createRows(engine, encoder, shared);
  const clusters = createReplacement<EnvoyResource>(engine, "clusters of a scope");
  const endpoints = createReplacement<EnvoyResource>(engine, "endpoints of a scope");
  const virtualHosts = createReplacement<HostResource>(engine, "virtual hosts of a scope");
  const claims = createReplacement<OutboundClaim>(engine, "listener claims of a scope");
  const group = createClaimGroups(engine);
  const join = createRouteConfigurations(engine, encoder);
  const statics = createStaticClusters(engine, encoder);
  const unknownHosts = createUnknownHosts(engine);
  const withStatics = engine.latest(
    "clusters of a scope and static ones",
    (table: ResourceSet, fixed: readonly EnvoyResource[]) =>
      overlay(
        table,
        fixed.map((one) => [one.name, one] as const),
      ),
  );
  return (mesh, scope, common) => {
    const hosts = mesh.differingHosts.get(scope.namespace) ?? Table.empty();
    const own = rows(views(mesh, scope.namespace), mesh, scope, common.client);
    const unknown = unknownHosts(mesh, scope);
    const fixed = statics(mesh.config.connectTimeout, scope.captured, scope.router, unknown.mode);
    const ownClaims = claims(common.rows.claims, own.claims, hosts);
    return {
      clusters: withStatics(clusters(common.rows.clusters, own.clusters, hosts), fixed),
      endpoints: endpoints(common.rows.endpoints, own.endpoints, hosts),
      routes: join(virtualHosts(common.rows.virtualHosts, own.virtualHosts, hosts), unknown),
      claims: ownClaims === common.rows.claims.all ? common.claims : group(ownClaims),
      unknown,
    };
  };
}
