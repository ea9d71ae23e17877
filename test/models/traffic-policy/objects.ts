/**
 * The objects that say how destinations are called, and which endpoints they have, as their YAML has them, as far as the model
 * reads them. The words are those of Istio's reference, "Networking" and "Security".
 */
import type { ResourceOf } from "../../../src/config/kinds.js";
import type { Caller, Labels, Metadata } from "../routing/objects.js";
import type { PeerAuthentication } from "../security/objects.js";

export type TrafficPolicy = NonNullable<ResourceOf<"DestinationRule">["spec"]["trafficPolicy"]>;
export type PortTrafficPolicy = NonNullable<TrafficPolicy["portLevelSettings"]>[number];
export type LocalitySetting = NonNullable<
  NonNullable<TrafficPolicy["loadBalancer"]>["localityLbSetting"]
>;

/** An object of one kind. */
interface Declared<Spec> {
  readonly metadata: Metadata & { readonly labels?: Labels };
  readonly spec: Spec;
}

export interface Subset {
  readonly name: string;
  readonly labels: Labels;
  readonly trafficPolicy?: TrafficPolicy;
}

export type DestinationRule = Declared<{
  readonly host: string;
  readonly exportTo?: readonly string[];
  readonly workloadSelector?: { readonly matchLabels: Labels };
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets?: readonly Subset[];
}>;

export type Service = Declared<{
  readonly selector: Labels;
  readonly clusterIP: string;
  readonly sessionAffinity?: "ClientIP";
  readonly trafficDistribution?: string;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly targetPort: number;
  }[];
}>;

/** An endpoint, as ServiceEntries list them, or as it is an object of its own. */
export interface Endpoint {
  readonly address: string;
  readonly ports?: Readonly<Record<string, number>>;
  readonly labels?: Labels;
  readonly locality?: string;
  readonly weight?: number;
  readonly network?: string;
  readonly serviceAccount?: string;
}

export type WorkloadEntry = Declared<Endpoint>;

export type ServiceEntry = Declared<{
  readonly hosts: readonly [string];
  readonly location?: "MESH_EXTERNAL" | "MESH_INTERNAL";
  readonly resolution: "STATIC" | "DNS" | "DNS_ROUND_ROBIN";
  readonly ports: readonly {
    readonly number: number;
    readonly name: string;
    readonly protocol: string;
    readonly targetPort?: number;
  }[];
  readonly endpoints?: readonly Endpoint[];
  readonly workloadSelector?: { readonly labels: Labels };
  readonly subjectAltNames?: readonly string[];
}>;

export interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Labels };
  readonly spec: { readonly serviceAccountName: string };
  readonly status: { readonly podIP: string };
}

export interface MeshConfig {
  readonly enableAutoMtls?: boolean;
  readonly connectTimeout?: string;
  readonly tcpKeepalive?: {
    readonly probes?: number;
    readonly time?: string;
    readonly interval?: string;
  };
  readonly h2UpgradePolicy?: "UPGRADE" | "DO_NOT_UPGRADE";
  readonly localityLbSetting?: LocalitySetting;
}

/** A proxy, and where it is. */
export interface PlacedCaller extends Caller {
  readonly type: "sidecar" | "router";
  /** `region/zone/subzone`, or less. */
  readonly locality: string;
  /** `""` when it is not known. */
  readonly network: string;
}

/** All that decides how destinations are called. */
export interface World {
  readonly services: readonly Service[];
  readonly serviceEntries: readonly ServiceEntry[];
  readonly workloadEntries: readonly WorkloadEntry[];
  readonly pods: readonly Pod[];
  readonly destinationRules: readonly DestinationRule[];
  readonly peerAuthentications: readonly PeerAuthentication[];
  readonly meshConfig: MeshConfig;
  readonly callers: readonly PlacedCaller[];
}
