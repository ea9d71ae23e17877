/** What the mesh is, in Istio's words and none of Envoy's: indexes over one snapshot, built incrementally. */
import type { Table } from "../base/table/table.js";
import type { ResourceOf } from "../config/kinds.js";
import type { MeshConfig } from "../config/mesh-config/mesh-config.js";
import type { ConfigSnapshot } from "../config/snapshot.js";
import type { EnvoyFilters } from "./extension/envoy-filters.js";
import type { Extensions } from "./extension/extensions.js";
import type { WasmModules } from "./extension/wasm-modules.js";
import type { BackendCertificates } from "./gateway-api/backend-certificate.js";
import type { HostResolver } from "./host-resolver.js";
import type { GatewayResource } from "./made-of.js";
import type { Proxy } from "./proxy/proxy.js";
import type { DestinationRule, RulesByHost } from "./routing/destination-rule.js";
import type { OwnRules } from "./routing/own-rules.js";
import type { RouteRules } from "./routing/route-rules.js";
import type { ServedFrom } from "./routing/served-wildcards.js";
import type { VirtualService } from "./routing/virtual-service.js";
import type { IssuerKeys } from "./security/issuer-keys.js";
import type { PeerAuthentications } from "./security/peer-authentication.js";
import type { Plaintext } from "./security/plaintext.js";
import type { SecurityPolicies } from "./security/security-policies.js";
import type { MixedPorts } from "./service/mixed-ports.js";
import type { Service } from "./service/service.js";
import type { StandIn } from "./service/stand-in.js";
import type { Sidecars } from "./sidecar/sidecar.js";
import type { CallerLabels } from "./view/caller-labels.js";
import type { Health } from "./workload/health-probe.js";
import type { Networks } from "./workload/networks.js";
import type { Workload } from "./workload/workload.js";

/** The VirtualServices of one host or one gateway, the one that wins first. */
export type VirtualServices = readonly VirtualService[];

/** See the top of this file. Every table is shared with the mesh before it as far as nothing changed. */
export interface Mesh extends Plaintext {
  readonly config: MeshConfig;
  readonly networks: Networks;
  /** Those whose workloads may call the mesh's: its own, its aliases, and those that it is federated with. */
  readonly peerTrustDomains: readonly string[];
  readonly resolver: HostResolver;
  /** By `namespace/hostname`. */
  readonly services: Table<Service>;
  /** By hostname, then by `namespace/hostname`: a host may be defined in several namespaces. */
  readonly servicesByHost: Table<Table<Service>>;
  /** By namespace, then by `namespace/hostname`. */
  readonly servicesByNamespace: Table<Table<Service>>;
  /** Those whose hosts are looked up when they are called, by `namespace/hostname`. */
  readonly lookedUpServices: Table<Service>;
  /** The ports on which requests may come both for services that declare them and for such as do not. */
  readonly mixedPorts: MixedPorts;
  /** The workloads of each service: by hostname, then by `namespace/hostname`. */
  readonly endpoints: Table<Table<readonly Workload[]>>;
  /** Those that are not ready, of services whose callers have to know of them; as `endpoints`. */
  readonly unreadyEndpoints: Table<Table<readonly Workload[]>>;
  /** The SPIFFE accounts (`namespace/account`) of each service's workloads: by hostname, then by `namespace/hostname`. */
  readonly accounts: Table<Table<readonly string[]>>;
  /** Services as they are at the addresses that resources list for them: by `namespace|address`, then by `namespace/hostname`. */
  readonly servicesByAddress: Table<Table<Service>>;
  /** By `namespace|address`. */
  readonly workloadsByAddress: Table<Table<Workload>>;
  /** Those that proxies may name as theirs. */
  readonly groups: Table<ResourceOf<"WorkloadGroup">>;
  /** The label keys by which resources tell callers of a namespace apart. */
  readonly callerLabels: CallerLabels;
  readonly rules: RulesByHost;
  readonly wildcardRules: readonly DestinationRule[];
  /** Those for sidecars, by host. */
  readonly virtualServices: Table<VirtualServices>;
  readonly wildcardVirtualServices: VirtualServices;
  /** Those that route connections of some of the hosts of wildcard services, by the hosts of these. See narrower-hosts. */
  readonly narrowerConnections: Table<VirtualServices>;
  readonly servedWildcards: ServedFrom;
  readonly routeRules: RouteRules;
  readonly ownRules: OwnRules;
  /** The rules that name Secrets or ConfigMaps. */
  readonly credentialRules: readonly DestinationRule[];
  /** The hosts that may look different from a namespace: by namespace, then by hostname. See differing-hosts. */
  readonly differingHosts: Table<Table<readonly string[]>>;
  /** Those for gateways, by `namespace/name` of the Gateway. */
  readonly gatewayVirtualServices: Table<VirtualServices>;
  readonly gateways: Table<GatewayResource>;
  readonly backendCertificates: BackendCertificates;
  readonly sidecars: Sidecars;
  readonly envoyFilters: EnvoyFilters;
  readonly extensions: Extensions;
  readonly secrets: Table<ResourceOf<"Secret">>;
  readonly configMaps: Table<ResourceOf<"ConfigMap">>;
  /** Who may read secrets of other namespaces. */
  readonly grants: Table<ResourceOf<"ReferenceGrant">>;
  readonly telemetries: Table<ResourceOf<"Telemetry">>;
  readonly peerAuthentications: PeerAuthentications;
  readonly security: SecurityPolicies;
  /** What is known of the modules that plugins name; the same table for as long as that is the same. */
  readonly wasmModules: WasmModules;
}

/** What a mesh is made of. */
export interface MeshInputs {
  readonly snapshot: Pick<ConfigSnapshot, "tables">;
  readonly config: MeshConfig;
  /** The proxies that are connected, by id. */
  readonly proxies: Table<Proxy>;
  /** What is known of the health of their applications, by the same id; nothing when absent. */
  readonly health?: Table<Health>;
  readonly standIns?: readonly StandIn[];
  /** The trust domains whose bundles are given; none when absent. */
  readonly federated?: readonly string[];
  /** Where the keys of issuers are whose rules do not say it; unknown when absent. */
  readonly issuerKeys?: IssuerKeys;
  /** What is known of the modules that plugins name; nothing when absent. */
  readonly wasmModules?: WasmModules;
}
