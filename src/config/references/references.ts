import { isDeepStrictEqual } from "node:util";
import type { Engine } from "../../base/engine/engine.js";
import type { Table } from "../../base/table/table.js";
import { asMeant } from "../../base/text/closest-word.js";
import { createDiscoveredTables } from "../discovered-tables.js";
import type { Kind, ResourceOf } from "../kinds.js";
import {
  inMeshText,
  MESH_CONFIG_MAP,
  type MeshConfig,
  meshConfigOf,
} from "../mesh-config/mesh-config.js";
import { type ConfigResource, keyOf } from "../resource.js";
import type { ResourceTables } from "../snapshot.js";
import { type CredentialNames, checkCredentials } from "./credentials.js";
import { type References, warnings } from "./dangling.js";
import { type CheckPatch, checkEnvoyPatches } from "./envoy-patches.js";
import { createGatewayApiCheck } from "./gateway-api.js";
import { createHostPorts, type HostPorts } from "./host-ports.js";
import { createHostRegistry, findHost, type HostRegistry, meantHost } from "./host-registry.js";
import { createIngressClassCheck } from "./ingress-class.js";
import { checkLeftOut, leftOutRoot, ROOT_KINDS } from "./left-out.js";
import {
  checkMeshProviders,
  checkProvider,
  checkTelemetryProviders,
  type KnownServices,
} from "./providers.js";
import { createNames } from "./resource-names.js";
import { checkSelector, SELECTING_KINDS } from "./selectors.js";
import { checkSilentLogs, type MeshLogs, meshLogsOf, namespacesWithLogs } from "./silent-logs.js";
import { createSubsetRegistry, type RuleSubsets, type SubsetRegistry } from "./subset-registry.js";
import { checkTlsVersions, ingressTls, serverTls } from "./tls-versions.js";
import {
  danglingReferences,
  type ReferredHost,
  type RouteReferences,
  type RoutingNames,
  routeReferences,
} from "./virtual-service.js";
import { createWorkloadRegistry, type WorkloadRegistry } from "./workload-registry.js";

/** For each kind the resources with references that lead nowhere, by `namespace/name`. */
export type ReferenceTables = Readonly<Partial<Record<Kind, readonly Table<References>[]>>>;

/**
 * Checks what resources say of each other. A resource is checked again only when it changed, or when the names changed that
 * resources of its kind refer to.
 */
export function createReferenceCheck(
  engine: Engine,
  checkPatch: CheckPatch | undefined,
): (tables: ResourceTables) => ReferenceTables {
  const meshConfig = engine.memo("mesh configuration", meshConfigOf);
  const discovered = createDiscoveredTables(engine);
  const hosts = createHostRegistry(engine);
  const hostPorts = createHostPorts(engine);
  const knownServices = engine.memo(
    "services that providers may name",
    (hosts: HostRegistry, ports: HostPorts): KnownServices => ({ hosts, ports }),
  );
  const workloads = createWorkloadRegistry(engine);
  const routes = createRouteCheck(engine);
  const rules = createRuleCheck(engine);
  const credentials = createCredentialCheck(engine);
  const selectors = createSelectorCheck(engine);
  const leftOut = createLeftOutCheck(engine);
  const providers = createProviderCheck(engine);
  const telemetries = createTelemetryCheck(engine);
  const meshProviders = createMeshProviderCheck(engine);
  const patches = createPatchCheck(engine, checkPatch);
  const tlsVersions = createTlsVersionCheck(engine);
  const gatewayApi = createGatewayApiCheck(engine);
  const ingressClasses = createIngressClassCheck(engine);
  return (all) => {
    const config = meshConfig(all.ConfigMap.get(keyOf(MESH_CONFIG_MAP)));
    const tables = discovered(all, config.discoverySelectors);
    const knownHosts = hosts(tables, config);
    const services = knownServices(knownHosts, hostPorts(tables));
    const knownWorkloads = workloads(tables);
    const selected = together(
      selectors(tables, knownWorkloads, config.rootNamespace),
      leftOut(all, config),
    );
    const versions = tlsVersions(tables, config.tlsDefaults);
    return {
      ...selected,
      ...gatewayApi(tables, { hosts: knownHosts, workloads: knownWorkloads }),
      AuthorizationPolicy: [
        ...(selected.AuthorizationPolicy ?? []),
        providers([tables.AuthorizationPolicy], config.extensionProviders, services),
      ],
      VirtualService: [routes(tables, knownHosts, config)],
      DestinationRule: [
        ...(selected.DestinationRule ?? []),
        rules([tables.DestinationRule], knownHosts),
      ],
      EnvoyFilter: [...(selected.EnvoyFilter ?? []), patches([tables.EnvoyFilter])],
      Gateway: [...(selected.Gateway ?? []), credentials(tables, knownWorkloads), versions.Gateway],
      Sidecar: [...(selected.Sidecar ?? []), versions.Sidecar],
      Telemetry: [...(selected.Telemetry ?? []), ...telemetries(tables, config, services)],
      ConfigMap: [meshProviders([tables.ConfigMap], config, services)],
      Ingress: [ingressClasses(tables)],
    };
  };
}

/** What two checks found. */
function together(first: ReferenceTables, second: ReferenceTables): ReferenceTables {
  const others = Object.entries(second) as [Kind, readonly Table<References>[]][];
  const both = others.map(([kind, tables]) => [kind, [...(first[kind] ?? []), ...tables]] as const);
  return { ...first, ...(Object.fromEntries(both) as ReferenceTables) };
}

function createLeftOutCheck(engine: Engine) {
  const checks = ROOT_KINDS.map((kind) => {
    const check = engine.derive(
      `${kind} in a root namespace that is left out`,
      (_key, [resource]: readonly [ConfigResource | undefined], root: string) =>
        resource && warnings(checkLeftOut(resource, root)),
      isDeepStrictEqual,
    );
    return { kind, check };
  });
  return (
    tables: ResourceTables,
    { rootNamespace, discoverySelectors = [] }: MeshConfig,
  ): ReferenceTables => {
    const root = leftOutRoot(rootNamespace, discoverySelectors, tables.Namespace);
    const found = checks.map(({ kind, check }) => [kind, [check([tables[kind]], root)]]);
    return Object.fromEntries(found) as ReferenceTables;
  };
}

function createRouteCheck(engine: Engine) {
  const subsets = createSubsetRegistry(engine);
  const gateways = createNames<"Gateway">(engine, "known gateways");
  const virtualServices = createNames<"VirtualService">(engine, "known virtual services");
  const names = engine.memo(
    "routing names",
    (...[hosts, gatewayNames, routeNames]: RoutingNameList): RoutingNames => ({
      hosts,
      gateways: gatewayNames,
      virtualServices: routeNames,
    }),
  );
  const references = engine.derive(
    "references of VirtualService",
    (_key, [resource]: RowsOf<"VirtualService">, known: RoutingNames) =>
      resource && routeReferences(resource, known),
    isDeepStrictEqual,
  );
  const users = engine.group(
    "references to subsets by host",
    ({ subsets: named }: RouteReferences) => new Set(named.map(({ host }) => host)),
  );
  const referredHosts = engine.lookUp(
    "hosts of which subsets are referred to",
    (_host, [by, rules]: readonly [Table<RouteReferences>, Table<RuleSubsets> | undefined]) =>
      rules && { users: by, rules },
  );
  const byUser = engine.group("hosts by who refers to their subsets", (host: ReferredHost) =>
    host.users.keys(),
  );
  const dangling = engine.lookUp(
    "dangling references of VirtualService",
    (
      _key,
      [row, referred]: readonly [RouteReferences, Table<ReferredHost> | undefined],
      wildcards: SubsetRegistry["wildcards"],
    ) => danglingReferences(row, referred, wildcards),
    isDeepStrictEqual,
  );
  return (tables: ResourceTables, hosts: HostRegistry, config: MeshConfig) => {
    const known = names(
      hosts,
      gateways([tables.Gateway]),
      virtualServices([tables.VirtualService]),
    );
    const referring = references([tables.VirtualService], known);
    const { byHost, wildcards } = subsets(tables, config);
    const referred = referredHosts([users(referring), byHost]);
    return dangling([referring, byUser(referred)], wildcards);
  };
}

type RoutingNameList = [HostRegistry, Table<true>, Table<true>];
type RowsOf<K extends Kind> = readonly [ResourceOf<K> | undefined];

/** Istio's UnknownDestinationRuleHost. */
const UNKNOWN_RULE_HOST = "IST0174";

function createRuleCheck(engine: Engine) {
  return engine.derive(
    "hosts of DestinationRule",
    (_key, [rule]: RowsOf<"DestinationRule">, hosts: HostRegistry) => {
      if (rule === undefined || rule.spec.host.startsWith("*")) return undefined;
      const { host } = rule.spec;
      const { namespace } = rule.metadata;
      if (findHost(hosts, host, namespace) !== undefined) return undefined;
      const meant = meantHost(hosts, host, namespace);
      const guess = meant === undefined ? "" : asMeant(meant);
      const message = `host "${host}" is no Service and no host of a ServiceEntry that namespace ${namespace} sees${guess}`;
      return warnings([
        { path: ["spec", "host"], code: UNKNOWN_RULE_HOST, message, severity: "warning" },
      ]);
    },
    isDeepStrictEqual,
  );
}

function createProviderCheck(engine: Engine) {
  return engine.derive(
    "providers of AuthorizationPolicy",
    (
      _key,
      [policy]: RowsOf<"AuthorizationPolicy">,
      ...[providers, services]: [MeshConfig["extensionProviders"], KnownServices]
    ) => policy && warnings(checkProvider(policy, providers, services)),
    isDeepStrictEqual,
  );
}

function createTelemetryCheck(engine: Engine) {
  const providers = createLogProviderCheck(engine);
  const silent = createSilentLogCheck(engine);
  return ({ Telemetry }: ResourceTables, config: MeshConfig, services: KnownServices) => [
    providers([Telemetry], config.extensionProviders, services),
    silent(Telemetry, config),
  ];
}

function createLogProviderCheck(engine: Engine) {
  return engine.derive(
    "providers of Telemetry",
    (
      _key,
      [telemetry]: RowsOf<"Telemetry">,
      ...[providers, services]: [MeshConfig["extensionProviders"], KnownServices]
    ) => telemetry && warnings(checkTelemetryProviders(telemetry, providers, services)),
    isDeepStrictEqual,
  );
}

function createSilentLogCheck(engine: Engine) {
  const namespaces = engine.memo("namespaces with providers of logs", namespacesWithLogs);
  const naming = engine.settle<readonly string[]>(isDeepStrictEqual);
  const logs = engine.settle<MeshLogs>(isDeepStrictEqual);
  const check = engine.derive(
    "logs that a Telemetry switches off",
    (_key, [telemetry]: RowsOf<"Telemetry">, ...[meshLogs, named]: [MeshLogs, readonly string[]]) =>
      telemetry && warnings(checkSilentLogs(telemetry, meshLogs, named)),
    isDeepStrictEqual,
  );
  return (telemetries: ResourceTables["Telemetry"], config: MeshConfig) =>
    check([telemetries], logs(meshLogsOf(config)), naming(namespaces(telemetries)));
}

function createMeshProviderCheck(engine: Engine) {
  return engine.derive(
    "default providers of the mesh configuration",
    (key, _rows: RowsOf<"ConfigMap">, ...[config, services]: [MeshConfig, KnownServices]) =>
      key === keyOf(MESH_CONFIG_MAP)
        ? warnings(inMeshText(checkMeshProviders(config, services)))
        : undefined,
    isDeepStrictEqual,
  );
}

/** Without a check of patches nothing is said of them. */
function createPatchCheck(engine: Engine, check: CheckPatch | undefined) {
  return engine.derive(
    "patches of EnvoyFilter",
    (_key, [filter]: RowsOf<"EnvoyFilter">) =>
      filter === undefined || check === undefined
        ? undefined
        : warnings(checkEnvoyPatches(filter, check)),
    isDeepStrictEqual,
  );
}

function createTlsVersionCheck(engine: Engine) {
  const gateways = engine.derive(
    "TLS versions of Gateway",
    (_key, [gateway]: RowsOf<"Gateway">, defaults: MeshConfig["tlsDefaults"]) =>
      gateway && warnings(checkTlsVersions(serverTls(gateway), defaults)),
    isDeepStrictEqual,
  );
  const sidecars = engine.derive(
    "TLS versions of Sidecar",
    (_key, [sidecar]: RowsOf<"Sidecar">, defaults: MeshConfig["tlsDefaults"]) =>
      sidecar && warnings(checkTlsVersions(ingressTls(sidecar), defaults)),
    isDeepStrictEqual,
  );
  const settle = engine.settle<MeshConfig["tlsDefaults"]>(isDeepStrictEqual);
  return (tables: ResourceTables, tlsDefaults: MeshConfig["tlsDefaults"]) => {
    const defaults = settle(tlsDefaults);
    return {
      Gateway: gateways([tables.Gateway], defaults),
      Sidecar: sidecars([tables.Sidecar], defaults),
    };
  };
}

function createCredentialCheck(engine: Engine) {
  const secrets = createNames<"Secret">(engine, "known secrets");
  const configMaps = createNames<"ConfigMap">(engine, "known config maps");
  const names = engine.memo(
    "credential names",
    (...[secretNames, configMapNames]: [Table<true>, Table<true>]): CredentialNames => ({
      secrets: secretNames,
      configMaps: configMapNames,
    }),
  );
  const check = engine.derive(
    "credentials of Gateway",
    (
      _key,
      [gateway]: RowsOf<"Gateway">,
      ...[known, workloads, grants]: [
        CredentialNames,
        WorkloadRegistry,
        ResourceTables["ReferenceGrant"],
      ]
    ) => gateway && warnings(checkCredentials(gateway, known, workloads, grants)),
    isDeepStrictEqual,
  );
  return (tables: ResourceTables, workloads: WorkloadRegistry) => {
    const known = names(secrets([tables.Secret]), configMaps([tables.ConfigMap]));
    return check([tables.Gateway], known, workloads, tables.ReferenceGrant);
  };
}

function createSelectorCheck(engine: Engine) {
  const checks = SELECTING_KINDS.map((kind) => {
    const check = engine.derive(
      `selector of ${kind}`,
      (
        _key,
        [resource]: readonly [ConfigResource | undefined],
        ...[workloads, rootNamespace]: [WorkloadRegistry, string]
      ) => resource && warnings(checkSelector(kind, resource, workloads, rootNamespace)),
      isDeepStrictEqual,
    );
    return { kind, check };
  });
  return (tables: ResourceTables, workloads: WorkloadRegistry, rootNamespace: string) => {
    const found = checks.map(({ kind, check }) => [
      kind,
      [check([tables[kind]], workloads, rootNamespace)],
    ]);
    return Object.fromEntries(found) as ReferenceTables;
  };
}
