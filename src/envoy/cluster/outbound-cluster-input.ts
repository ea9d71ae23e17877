/** What the clusters of a service depend on. */
import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import type { DestinationRule } from "../../mesh/routing/destination-rule.js";
import type { LocalityCaller, LocalityPolicy } from "../../mesh/routing/locality-balancing.js";
import type { PlaintextWorkloads } from "../../mesh/security/plaintext.js";
import type { Service } from "../../mesh/service/service.js";
import type { Workload } from "../../mesh/workload/workload.js";
import type { ConnectionDefaults } from "./connection.js";
import type { LookUpCaller } from "./forward-proxy.js";

/** What all clusters of a kind of client have in common. One object a kind, so that it can be a memo's key. */
export interface ClientTraits extends ConnectionDefaults, LookUpCaller {
  /** A gateway, not a sidecar. */
  readonly router: boolean;
  /** Connections are captured by the kernel, so that their original destination is known. */
  readonly captured: boolean;
  /** The mesh's, and those that it had or shares. */
  readonly trustDomains: readonly string[];
  readonly dnsRefreshRate: string;
  /** The pattern by which statistics name clusters; `""` for their own names. */
  readonly statName: string;
  /** Headers of HTTP/1.1 keep the letters in which they were written. */
  readonly keepsCase: boolean;
  /** Whether ports with HTTP/1.1 are called by HTTP/2, where the rule does not say. */
  readonly h2UpgradePolicy: "UPGRADE" | "DO_NOT_UPGRADE";
  readonly localityPolicy: LocalityPolicy;
  /** The mesh's, for TLS that is not the mesh's. */
  readonly tlsDefaults: MeshConfig["tlsDefaults"];
  /** How hosts are called that nobody declared, and which are looked up; in plaintext when absent. */
  readonly unknownTls?: MeshConfig["outboundTrafficPolicy"]["tls"];
  /** By which it shows itself to servers that speak TLS, where no rule says by which. */
  readonly credential?: string;
}

/** Everything that the clusters of one service depend on. */
export interface OutboundClusterInput {
  readonly service: Service;
  readonly rule: DestinationRule | undefined;
  /** The service's namespace is called in plaintext as a whole. */
  readonly plaintext: boolean;
  /** `namespace/account` of its workloads. */
  readonly accounts: readonly string[];
  /** Its workloads, for services that are found by DNS; others have them by EDS, and `[]` here. */
  readonly workloads: readonly Workload[];
  /** Those of these workloads that are called in plaintext. */
  readonly plaintextWorkloads: PlaintextWorkloads | undefined;
  /** All of its workloads take mutual TLS; asked where callers may bring the address themselves. */
  readonly allMeshTls: boolean;
  readonly client: ClientTraits;
  /** Whom the endpoints are ordered for; undefined for callers of no locality in particular. */
  readonly caller: LocalityCaller | undefined;
}
