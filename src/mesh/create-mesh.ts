/** Builds the mesh from a snapshot: puts the indexes together, each of which computes only what has changed. */
import type { Engine } from "../base/engine.js";
import { sameElements } from "../base/engine.js";
import { Table } from "../base/table.js";
import { createDiscoveredTables } from "../config/discovered-tables.js";
import type { ResourceOf } from "../config/kinds.js";
import type { MeshConfig } from "../config/mesh-config/mesh-config.js";
import type { ConfigSnapshot } from "../config/snapshot.js";
import { createEnvoyFilters } from "./extension/envoy-filters.js";
import { createExtensions } from "./extension/extensions.js";
import { createBackendCertificates } from "./gateway-api/backend-certificates.js";
import { createBackendPolicies } from "./gateway-api/backend-policies.js";
import type { HostResolver } from "./host-resolver.js";
import { DEFAULT_DOMAIN } from "./hostname.js";
import { createMadeRouting } from "./made-routing.js";
import type { Mesh, MeshInputs, VirtualServices } from "./mesh.js";
import { createDelegation } from "./routing/delegation.js";
import {
  type DestinationRule,
  destinationRule,
  orderRules,
  type RulesByHost,
} from "./routing/destination-rule.js";
import { createNarrowerHosts } from "./routing/narrower-hosts.js";
import { createOwnRules } from "./routing/own-rules.js";
import { createRouteRules } from "./routing/route-rules.js";
import { createServedWildcards } from "./routing/served-wildcards.js";
import {
  type DelegatedSpec,
  MESH_GATEWAY,
  orderVirtualServices,
  sameVirtualService,
  type VirtualService,
  type VirtualServiceContext,
  virtualService,
  withPorts,
} from "./routing/virtual-service.js";
import { createWildcardHosts } from "./routing/wildcard-hosts.js";
import { createCredentialRules } from "./security/credential-rules.js";
import { indexPeerAuthentications } from "./security/peer-authentication.js";
import { createPeerTrustDomains } from "./security/peer-trust-domains.js";
import { createPlaintext } from "./security/plaintext.js";
import { createSecurityPolicies } from "./security/security-policies.js";
import { createAliases, createAliasRouting } from "./service/alias.js";
import { createServices } from "./service/create-services.js";
import type { ServiceDefaults } from "./service/kubernetes-service.js";
import { createMixedPorts } from "./service/mixed-ports.js";
import {
  type HostPorts,
  hostPorts,
  mayBeLookedUp,
  type Service,
  sameHostPorts,
} from "./service/service.js";
import { createServicesByAddress } from "./service/services-by-address.js";
import { type StandIn, sameStandIns } from "./service/stand-in.js";
import { createNamespaceDistributions } from "./service/traffic-distribution.js";
import { indexSidecars } from "./sidecar/sidecar.js";
import { createCallerLabels } from "./view/caller-labels.js";
import { createDifferingHosts } from "./view/differing-hosts.js";
import { addressKey } from "./workload/address-key.js";
import { createNetworks } from "./workload/networks.js";
import { createServiceEndpoints } from "./workload/service-endpoints.js";
import type { Workload } from "./workload/workload.js";
import { createWorkloads } from "./workload/workloads.js";

function createRules(
  engine: Engine,
): (
  table: Table<ResourceOf<"DestinationRule">>,
  resolver: HostResolver,
  exportTo: readonly string[],
) => RulesByHost {
  const read = engine.derive<
    [ResourceOf<"DestinationRule">],
    [HostResolver, readonly string[]],
    DestinationRule
  >("destination rules", (_key, [resource], resolver, exportTo) =>
    resource === undefined ? undefined : destinationRule(resource, resolver, exportTo),
  );
  const byHost = engine.group<DestinationRule>("rules by host", (rule) => [rule.host]);
  const ordered = engine.derive<[Table<DestinationRule>], [], readonly DestinationRule[]>(
    "rules of a host",
    (_host, [rules]) => (rules === undefined ? undefined : orderRules(rules)),
  );
  return (table, resolver, exportTo) => ordered([byHost(read([table], resolver, exportTo))]);
}

interface ReadingContext extends VirtualServiceContext {
  /** The ports of each host that services have. */
  readonly ports: Table<HostPorts>;
}

interface VirtualServiceIndex {
  readonly byHost: Table<VirtualServices>;
  readonly byGateway: Table<VirtualServices>;
}

function createVirtualServices(
  engine: Engine,
): (table: Table<ResourceOf<"VirtualService">>, context: ReadingContext) => VirtualServiceIndex {
  const delegation = createDelegation(engine);
  const read = engine.derive<
    [ResourceOf<"VirtualService">, DelegatedSpec],
    [VirtualServiceContext],
    VirtualService
  >("virtual services", (_key, [resource, delegated], context) =>
    resource === undefined ? undefined : virtualService(resource, context, delegated),
  );
  const settle = engine.settle<VirtualServiceContext>(
    (a, b) => a.resolver === b.resolver && a.exportTo === b.exportTo,
  );
  // Apart, since the ports of some host change with each service that comes.
  const ported = engine.derive<[VirtualService], [Table<HostPorts>], VirtualService>(
    "virtual services with ports",
    (_key, [one], ports) => one && withPorts(one, (host) => ports.get(host)),
    sameVirtualService,
  );
  const byHost = engine.group<VirtualService>("virtual services by host", (one) =>
    one.gateways.includes(MESH_GATEWAY) ? one.hosts : [],
  );
  const byGateway = engine.group<VirtualService>("virtual services by gateway", (one) =>
    one.gateways.filter((gateway) => gateway !== MESH_GATEWAY),
  );
  const order = (_key: string, [group]: readonly [Table<VirtualService> | undefined]) =>
    group === undefined ? undefined : orderVirtualServices(group);
  const ofHost = engine.derive<[Table<VirtualService>], [], VirtualServices>(
    "virtual services of a host",
    order,
  );
  const ofGateway = engine.derive<[Table<VirtualService>], [], VirtualServices>(
    "virtual services of a gateway",
    order,
  );
  return (table, { ports, ...context }) => {
    const all = ported([read([table, delegation(table, context)], settle(context))], ports);
    return { byHost: ofHost([byHost(all)]), byGateway: ofGateway([byGateway(all)]) };
  };
}

function accountsOf(workloads: readonly Workload[]): readonly string[] {
  const accounts = workloads
    .filter((workload) => workload.serviceAccount !== "")
    .map((workload) => `${workload.namespace}/${workload.serviceAccount}`);
  return [...new Set(accounts)].sort();
}

type Tables = ConfigSnapshot["tables"];

type ServiceTables = Pick<
  Mesh,
  "services" | "servicesByHost" | "servicesByNamespace" | "lookedUpServices" | "mixedPorts"
>;

function createServiceTables(
  engine: Engine,
): (tables: Tables, exportTo: readonly string[], standIns: readonly StandIn[]) => ServiceTables {
  const build = createServices(engine);
  const withAliases = createAliases(engine);
  const byHost = engine.group<Service>("services by host", (one) => [one.hostname]);
  const byNamespace = engine.group<Service>("services by namespace", (one) => [one.namespace]);
  const lookedUp = engine.derive<[Service], [], Service>("services looked up", (_key, [one]) =>
    one !== undefined && mayBeLookedUp(one) ? one : undefined,
  );
  const mixedPorts = createMixedPorts(engine);
  const distributionsOf = createNamespaceDistributions(engine);
  const settleDefaults = engine.settle<ServiceDefaults>(
    (a, b) =>
      a.domain === b.domain &&
      a.distributions === b.distributions &&
      sameElements(a.exportTo, b.exportTo),
  );
  const settleStandIns = engine.settle(sameStandIns);
  return (tables, exportTo, standIns) => {
    const defaults = settleDefaults({
      domain: DEFAULT_DOMAIN,
      exportTo,
      distributions: distributionsOf(tables.Namespace),
    });
    const services = withAliases(build(tables, defaults, settleStandIns(standIns)));
    return {
      services,
      servicesByHost: byHost(services),
      servicesByNamespace: byNamespace(services),
      lookedUpServices: lookedUp([services]),
      mixedPorts: mixedPorts(services),
    };
  };
}

type WorkloadTables = Pick<
  Mesh,
  "endpoints" | "accounts" | "servicesByAddress" | "workloadsByAddress"
>;

function createWorkloadTables(
  engine: Engine,
): (
  tables: Tables,
  registered: Pick<MeshInputs, "proxies" | "health">,
  services: Table<Service>,
) => WorkloadTables {
  const workloads = createWorkloads(engine);
  const byAddress = engine.group<Workload>("workloads by their address", (one) => [
    addressKey(one),
  ]);
  const endpoints = createServiceEndpoints(engine);
  const endpointsByHost = engine.group<readonly Workload[]>("endpoints by host", byHostname);
  const accounts = engine.derive<[readonly Workload[]], [], readonly string[]>(
    "accounts of a service",
    (_key, [list]) => (list === undefined ? undefined : accountsOf(list)),
    sameElements,
  );
  const accountsByHost = engine.group<readonly string[]>("accounts by host", byHostname);
  const servicesByAddress = createServicesByAddress(engine);
  return (tables, { proxies, health = Table.empty() }, services) => {
    const all = workloads({
      templates: {
        deployments: tables.Deployment,
        statefulSets: tables.StatefulSet,
        daemonSets: tables.DaemonSet,
      },
      pods: tables.Pod,
      entries: tables.WorkloadEntry,
      groups: tables.WorkloadGroup,
      proxies,
      health,
    });
    const byService = endpoints({
      services,
      workloads: all,
      endpoints: tables.Endpoints,
      slices: tables.EndpointSlice,
    });
    return {
      endpoints: endpointsByHost(byService),
      accounts: accountsByHost(accounts([byService])),
      servicesByAddress: servicesByAddress(services, byService),
      workloadsByAddress: byAddress(all),
    };
  };
}

type HostTables = Pick<
  Mesh,
  | "resolver"
  | "rules"
  | "wildcardRules"
  | "virtualServices"
  | "wildcardVirtualServices"
  | "gatewayVirtualServices"
  | "routeRules"
  | "ownRules"
  | "credentialRules"
  | "narrowerConnections"
  | "servedWildcards"
  | "differingHosts"
>;

const RESOLVER: HostResolver = { domain: DEFAULT_DOMAIN };

/** What VirtualServices and DestinationRules say of hosts. */
function createHostTables(
  engine: Engine,
): (
  tables: Tables,
  config: MeshConfig,
  services: Pick<Mesh, "services" | "servicesByHost">,
) => HostTables {
  const rulesOf = createRules(engine);
  const wildcardRules = createWildcardHosts<DestinationRule>(engine, "wildcard rules");
  const portsOf = engine.derive<[Table<Service>], [], HostPorts>(
    "ports of hosts",
    (_host, [group]) => group && hostPorts(group),
    sameHostPorts,
  );
  const virtualServicesOf = createVirtualServices(engine);
  const withAliases = createAliasRouting(engine);
  const wildcardVirtualServices = createWildcardHosts<VirtualService>(
    engine,
    "wildcard virtual services",
  );
  const narrowerHosts = createNarrowerHosts(engine);
  const routeRules = createRouteRules(engine);
  const ownRules = createOwnRules(engine);
  const credentialRules = createCredentialRules(engine);
  const servedWildcards = createServedWildcards(engine);
  const differingHosts = createDifferingHosts(engine);
  return (tables, config, { services, servicesByHost }) => {
    const rules = rulesOf(tables.DestinationRule, RESOLVER, config.defaultDestinationRuleExportTo);
    const { byHost, byGateway } = virtualServicesOf(tables.VirtualService, {
      resolver: RESOLVER,
      exportTo: config.defaultVirtualServiceExportTo,
      ports: portsOf([servicesByHost]),
    });
    const said = {
      servicesByHost,
      rules,
      wildcardRules: wildcardRules(rules),
      virtualServices: withAliases(byHost, services),
      wildcardVirtualServices: wildcardVirtualServices(byHost),
      narrowerConnections: narrowerHosts(servicesByHost, byHost),
    };
    const ruled = { ...said, routeRules: routeRules(said), servedWildcards: servedWildcards(said) };
    return {
      ...ruled,
      ownRules: ownRules(said, config.rootNamespace),
      credentialRules: credentialRules(rules),
      resolver: RESOLVER,
      gatewayVirtualServices: byGateway,
      differingHosts: differingHosts(ruled),
    };
  };
}

/** The builder of meshes; it remembers, so that the next mesh costs what changed. */
export function createMesh(engine: Engine): (inputs: MeshInputs) => Mesh {
  const discovered = createDiscoveredTables(engine);
  const serviceTables = createServiceTables(engine);
  const workloadTables = createWorkloadTables(engine);
  const hostTables = createHostTables(engine);
  const madeRouting = createMadeRouting(engine);
  const backendPolicies = createBackendPolicies(engine);
  const backendCertificates = createBackendCertificates(engine);
  const callerLabels = createCallerLabels(engine);
  const peerAuthentications = engine.memo("peer authentications", indexPeerAuthentications);
  const plaintext = createPlaintext(engine);
  const securityPolicies = createSecurityPolicies(engine);
  const sidecars = engine.memo("sidecars", indexSidecars);
  const envoyFilters = createEnvoyFilters(engine);
  const extensions = createExtensions(engine);
  const peersOf = createPeerTrustDomains(engine);
  const networks = createNetworks(engine);
  return ({ snapshot, config, ...given }) => {
    const tables = discovered(snapshot.tables, config.discoverySelectors);
    const { standIns = [], federated = [], issuerKeys, wasmModules = Table.empty() } = given;
    const routing = { ...madeRouting(tables, config), DestinationRule: backendPolicies(tables) };
    const services = serviceTables(tables, config.defaultServiceExportTo, standIns);
    const called = { ...services, ...workloadTables(tables, given, services.services) };
    const policies = peerAuthentications(tables.PeerAuthentication, config.rootNamespace);
    return {
      ...called,
      ...hostTables({ ...tables, ...routing }, config, services),
      config,
      networks: networks(tables),
      groups: tables.WorkloadGroup,
      peerTrustDomains: peersOf(config, federated),
      callerLabels: callerLabels(tables, config.rootNamespace),
      gateways: routing.Gateway,
      backendCertificates: backendCertificates(routing.Gateway, tables.Service),
      sidecars: sidecars(tables.Sidecar, config.rootNamespace),
      envoyFilters: envoyFilters(tables.EnvoyFilter),
      extensions: extensions(tables),
      secrets: tables.Secret,
      configMaps: tables.ConfigMap,
      grants: tables.ReferenceGrant,
      telemetries: tables.Telemetry,
      peerAuthentications: policies,
      ...plaintext(policies, called),
      security: securityPolicies(tables, config, services.servicesByHost, issuerKeys),
      wasmModules,
    };
  };
}

const byHostname = (_value: unknown, key: string): readonly string[] => [
  key.slice(key.indexOf("/") + 1),
];
