/**
 * The part of a proxy's configuration that all callers of a scope share: the clusters, endpoints, routes and outbound
 * listeners for every service that they can see. One part serves a thousand sidecars of a namespace.
 */

import { defined } from "../../base/defined.js";
import type { Engine } from "../../base/engine/engine.js";
import type { Lazy } from "../../base/lazy.js";
import { Table } from "../../base/table/table.js";
import type { Mesh } from "../../mesh/mesh.js";
import { lookUpFamily } from "../../mesh/proxy/proxy.js";
import { type LocalityPolicy, placeSetting } from "../../mesh/routing/locality-balancing.js";
import { policyDefaults } from "../../mesh/routing/traffic-policy.js";
import { createOwnViews } from "../../mesh/view/caller-views.js";
import type { HostView } from "../../mesh/view/host-view.js";
import { createLocalityViews, createUniformViews } from "../../mesh/view/locality-views.js";
import {
  createHostNames,
  type HostNames,
  type NamedHost,
  type NamingScope,
} from "../../mesh/view/named-host.js";
import type { ClusterJson } from "../api.js";
import type { ClientTraits } from "../cluster/outbound-cluster-input.js";
import {
  blackHoleCluster,
  forwardProxyCluster,
  passthroughCluster,
  tlsForwardProxyCluster,
} from "../cluster/static-cluster.js";
import type { OutboundEntry } from "../listener/outbound-entry.js";
import { DYNAMIC_DNS_CLUSTER, PASSTHROUGH_CLUSTER } from "../names.js";
import type { Encoder } from "../resource/encoder.js";
import { MESSAGE } from "../resource/message-types.js";
import {
  type EnvoyResource,
  type ResourceSet,
  type RouteSets,
  resourceSet,
  unionOf,
} from "../resource/resource-set.js";
import type { PerRouteFilters } from "../route/per-route-filters.js";
import type { UnknownHosts } from "../unknown-hosts.js";
import { createUnknownHosts, unknownTls } from "../unknown-hosts.js";
import {
  type ClusterBuilders,
  type ClusterRows,
  createClusterBuilders,
  createClusterRows,
  createEndpointRows,
} from "./clusters.js";
import { createHostReplacement, createReplacement, type HostRows } from "./host-rows.js";
import {
  buildEntries,
  createEntryGroups,
  createEntryRows,
  type EntryInputs,
} from "./listener-entries.js";
import { type AddressListeners, createAddressListeners } from "./listeners.js";
import { addressesFor, type OutboundScope } from "./outbound-scope.js";
import { createDomainIndex, type IndexedHosts } from "./repeated-domains.js";
import { createRouteConfigurations, type OutboundRoutes } from "./route-configurations.js";
import { createVirtualHosts, type HostResource } from "./virtual-hosts.js";

/** What the callers of a scope share. What a proxy asks for last is lazy, so that the first answer does not wait for it. */
export interface OutboundPart {
  /** Without those of hosts that are balanced by locality: callers have these as their locality prefers them. */
  readonly clusters: ResourceSet;
  readonly endpoints: Lazy<ResourceSet>;
  readonly routes: Lazy<RouteSets>;
  /** The route configurations that lead to hosts whose names the proxy looks up. */
  readonly filters: Lazy<PerRouteFilters>;
  /** What the services ask of the outbound listeners, by `address_port`. */
  readonly entries: Lazy<Table<Table<OutboundEntry>>>;
  readonly unknown: UnknownHosts;
  readonly client: ClientTraits;
  /** The hosts that are balanced by locality: of which callers prefer some endpoints by where they are. */
  readonly localityViews: Table<HostView>;
  /** The names of the hosts; none of callers whose proxies do not answer DNS. */
  readonly names: Lazy<HostNames>;
  /** How it differs from the common part; undefined of a scope that has none. */
  readonly own: OwnRows | undefined;
}

/** What of a scope's part differs from the common part of its kind of caller. */
export interface OwnRows extends ClusterRows {
  /** Those among the hosts that look different that are balanced by locality. */
  readonly localityViews: Table<HostView>;
  /** The hosts that may look different to these callers. */
  readonly hosts: Table<readonly string[]>;
  /** The clusters that do not depend on services. */
  readonly fixed: ResourceSet;
}

/** The encoders of the services' resources, remembered across all scopes: equal inputs give the same objects. */
export interface SharedBuilders extends ClusterBuilders {
  readonly entries: (inputs: EntryInputs) => Table<OutboundEntry>;
  readonly listeners: AddressListeners;
  readonly statics: StaticClusters;
  /** The services' clusters and the static ones. */
  readonly withStatics: (services: ResourceSet, fixed: ResourceSet) => ResourceSet;
}

/** The builders that all scopes share. */
export function createSharedBuilders(engine: Engine, encoder: Encoder): SharedBuilders {
  return {
    ...createClusterBuilders(engine, encoder),
    entries: engine.memoFields<EntryInputs, Table<OutboundEntry>>(
      "listener entries of a service",
      {
        service: true,
        virtualServices: true,
        resolver: true,
        source: true,
        captured: true,
        allocated: true,
        rule: true,
        rules: true,
        rootNamespace: true,
        pods: true,
        egress: true,
      },
      buildEntries,
    ),
    listeners: createAddressListeners(engine, encoder),
    statics: createStaticClusters(engine, encoder),
    withStatics: engine.memo("clusters of services and static ones", unionOf),
  };
}

/** The rows that some hosts make, without the clusters and endpoints of hosts that are balanced by locality. */
interface RowBuilder extends ClusterRows {
  readonly virtualHosts: Lazy<HostRows<HostResource>>;
  readonly entries: Lazy<HostRows<OutboundEntry>>;
  readonly names: Lazy<HostNames>;
}

type StaticClusters = (
  client: ClientTraits,
  mode: UnknownHosts["mode"],
  ownAddress: string,
) => ResourceSet;

/** The clusters that do not depend on services. */
function createStaticClusters(engine: Engine, encoder: Encoder): StaticClusters {
  return engine.memo("static clusters", (client, mode, ownAddress) => {
    const { captured, router } = client;
    const denied = ownAddress === "" ? [] : [ownAddress];
    const passing = captured
      ? [passthroughCluster(client)]
      : mode === "REGISTRY_ONLY"
        ? []
        : [forwardProxyCluster(PASSTHROUGH_CLUSTER, client, denied)];
    const unknown =
      mode === "ALLOW_ANY_DYNAMIC_DNS"
        ? [...passing, unknownHostsCluster(client, denied)]
        : passing;
    const clusters = [blackHoleCluster(client.connectTimeout), ...(router ? [] : unknown)];
    return resourceSet(
      clusters.map((json) => ({ name: json.name ?? "", ...encoder.encode(MESSAGE.cluster, json) })),
    );
  });
}

/** Where requests for hosts go that nobody declared, and which are looked up; by TLS if the mesh has them called by that. */
function unknownHostsCluster(client: ClientTraits, denied: readonly string[]): ClusterJson {
  const { unknownTls: tls } = client;
  return tls === undefined
    ? forwardProxyCluster(DYNAMIC_DNS_CLUSTER, client, denied)
    : tlsForwardProxyCluster(DYNAMIC_DNS_CLUSTER, client, denied, tls);
}

/** Whether two small values are equal, whose fields are always in the same order: then their text is the same. */
const sameText = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Settles the traits of a client, so that all scopes of a kind share one object. */
export function createClientTraits(
  engine: Engine,
): (mesh: Pick<Mesh, "config" | "networks">, scope: OutboundScope) => ClientTraits {
  const settled = engine.memo("client traits", (_kind: string) =>
    engine.settle<ClientTraits>(sameText),
  );
  // One object for all kinds, which share by it what is made for the callers of a locality.
  const localityPolicy = engine.settle<LocalityPolicy>(sameText);
  return ({ config, networks }, scope) => {
    const { router, captured, settings, addresses } = scope;
    const { headers, credential } = settings;
    const { onLoopback, families } = addresses;
    const { preserveHttp1HeaderCase: keepsCase = false } = headers;
    const looksUp = lookUpFamily(families);
    const shown = credential === undefined ? {} : { credential };
    const kind = { router, captured, keepsCase, onLoopback, looksUp, ...shown };
    return settled(JSON.stringify(kind))({
      ...kind,
      trustDomains: [config.trustDomain, ...config.trustDomainAliases],
      connectTimeout: config.connectTimeout,
      tcpKeepalive: config.tcpKeepalive,
      policy: policyDefaults(config.defaultTrafficPolicy),
      dnsRefreshRate: config.dnsRefreshRate,
      statName: config.outboundClusterStatName ?? "",
      h2UpgradePolicy: config.h2UpgradePolicy,
      localityPolicy: localityPolicy({
        setting: placeSetting(config) ?? {},
        outlierDetection: config.defaultTrafficPolicy?.outlierDetection,
        networks,
        autoMtls: config.enableAutoMtls,
      }),
      tlsDefaults: config.tlsDefaults,
      ...defined({ unknownTls: unknownTls(config.outboundTrafficPolicy) }),
    });
  };
}

/** The builder of what hosts make. */
export function createRows(
  engine: Engine,
  encoder: Encoder,
  shared: SharedBuilders,
): (views: Table<HostView>, mesh: Mesh, scope: OutboundScope, client: ClientTraits) => RowBuilder {
  const uniformViews = createUniformViews(engine);
  const clusters = createClusterRows(engine, shared);
  const endpoints = createEndpointRows(engine, shared);
  const virtualHosts = createVirtualHosts(engine, encoder);
  const entries = createEntryRows(engine, shared.entries);
  const names = createHostNames(engine);
  const naming = engine.memo("naming scope", namingOf);
  return (views, mesh, scope, client) => {
    const uniform = uniformViews(views, client.localityPolicy);
    return {
      clusters: clusters(uniform, mesh, { client, caller: undefined }),
      endpoints: engine.lazy(() => endpoints(uniform, mesh, { client, caller: undefined })),
      virtualHosts: engine.lazy(() => (scope.router ? NO_ROWS : virtualHosts(views, mesh, scope))),
      entries: engine.lazy(() => (scope.router ? NO_ROWS : entries(views, mesh, scope))),
      names: engine.lazy(() =>
        scope.dns.isAnswered ? names(views, mesh.endpoints, naming(scope)) : NO_NAMES,
      ),
    };
  };
}

const NO_NAMES: HostNames = Table.empty();

/** A gateway knows names as the applications of capturing sidecars do: its Envoy asks the agent for them. */
const namingOf = (scope: OutboundScope): NamingScope => ({
  captured: scope.captured || scope.router,
  addressesOf: (service) => addressesFor(service, scope.dns.allocated),
});

const NO_ROWS = { byHost: Table.empty<never>(), all: Table.empty<never>() };

/** What the scopes of one kind of caller share: the rows as callers of no namespace in particular see them. */
export interface CommonPart {
  readonly scope: OutboundScope;
  readonly client: ClientTraits;
  readonly rows: RowBuilder;
  readonly localityViews: Table<HostView>;
  /** `rows.entries` by the listener on which they are. */
  readonly entries: Lazy<Table<Table<OutboundEntry>>>;
  /** `rows.virtualHosts` by their domains. */
  readonly domains: Lazy<IndexedHosts>;
}

/** The builder of the common part of a kind of caller. */
export function createCommonPart(
  engine: Engine,
  encoder: Encoder,
  shared: SharedBuilders,
): (mesh: Mesh, views: Table<HostView>, scope: OutboundScope, client: ClientTraits) => CommonPart {
  const rows = createRows(engine, encoder, shared);
  const localityViewsOf = createLocalityViews(engine);
  const group = createEntryGroups(engine);
  const index = createDomainIndex<HostResource>(engine);
  const indexed = engine.latestOf(
    "virtual hosts and their domains",
    (table: Table<HostResource>): IndexedHosts => ({ table, result: index(table) }),
  );
  return (mesh, views, scope, client) => {
    const all = rows(views, mesh, scope, client);
    const localityViews = localityViewsOf(views, client.localityPolicy);
    const entries = engine.lazy(() => group(all.entries.get().all));
    const domains = engine.lazy(() => indexed(all.virtualHosts.get().all));
    return { scope, client, rows: all, localityViews, entries, domains };
  };
}

/** The rows of a scope, and those that it has in common with the other scopes of its kind. */
interface ScopeRows {
  readonly common: CommonPart;
  /** The rows of the hosts that look different to its callers. */
  readonly own: RowBuilder;
  /** The hosts that may look different. */
  readonly hosts: Table<readonly string[]>;
}

/** The builder of a scope's route configurations. */
function createScopeRoutes(
  engine: Engine,
  encoder: Encoder,
): (rows: ScopeRows, unknown: UnknownHosts, scope: OutboundScope) => OutboundRoutes {
  const virtualHosts = createReplacement<HostResource>(engine, "virtual hosts of a scope");
  const join = createRouteConfigurations(engine, encoder);
  const routes = engine.latest(
    "routes of a scope",
    (hosts: Table<HostResource>, unknown: UnknownHosts, scope: OutboundScope, from: IndexedHosts) =>
      join(hosts, unknown, scope, { from }),
  );
  return ({ common, own, hosts }, unknown, scope) => {
    const all = virtualHosts(common.rows.virtualHosts.get(), own.virtualHosts.get(), hosts);
    return routes(all, unknown, scope, common.domains.get());
  };
}

/** The builder of a scope's listener entries. */
function createScopeEntries(engine: Engine): (rows: ScopeRows) => Table<Table<OutboundEntry>> {
  const entries = createReplacement<OutboundEntry>(engine, "listener entries of a scope");
  const group = createEntryGroups(engine);
  return ({ common, own, hosts }) => {
    const shared = common.rows.entries.get();
    const all = entries(shared, own.entries.get(), hosts);
    return all === shared.all ? common.entries.get() : group(all);
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
  const localityViewsOf = createLocalityViews(engine);
  const localityViews = createHostReplacement<HostView>(engine, "hosts of a scope by locality");
  const names = createHostReplacement<readonly NamedHost[]>(engine, "names of a scope");
  const clusters = createReplacement<EnvoyResource>(engine, "clusters of a scope");
  const endpoints = createReplacement<EnvoyResource>(engine, "endpoints of a scope");
  const routes = createScopeRoutes(engine, encoder);
  const entries = createScopeEntries(engine);
  const { statics, withStatics } = shared;
  const unknownHosts = createUnknownHosts(engine);
  return (mesh, scope, common) => {
    const hosts = mesh.differingHosts.get(scope.namespace) ?? Table.empty();
    const { client } = common;
    const ownViews = views(mesh, scope);
    const own = rows(ownViews, mesh, scope, client);
    const ownLocalityViews = localityViewsOf(ownViews, client.localityPolicy);
    const unknown = unknownHosts(mesh, scope);
    const fixed = statics(client, unknown.mode, scope.addresses.own);
    const scopeRows = { common, own, hosts };
    const tables = engine.lazy(() => routes(scopeRows, unknown, scope));
    return {
      clusters: withStatics(clusters(common.rows.clusters, own.clusters, hosts), fixed),
      endpoints: engine.lazy(() =>
        endpoints(common.rows.endpoints.get(), own.endpoints.get(), hosts),
      ),
      routes: tables,
      filters: engine.lazy(() => tables.get().filters),
      entries: engine.lazy(() => entries(scopeRows)),
      unknown,
      client,
      localityViews: localityViews(common.localityViews, ownLocalityViews, hosts),
      names: engine.lazy(() =>
        scope.dns.isAnswered ? names(common.rows.names.get(), own.names.get(), hosts) : NO_NAMES,
      ),
      own: {
        clusters: own.clusters,
        endpoints: own.endpoints,
        localityViews: ownLocalityViews,
        hosts,
        fixed,
      },
    };
  };
}
