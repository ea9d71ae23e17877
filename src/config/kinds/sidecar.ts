import type { KindDefinition } from "../kind.js";
import { ConnectionPoolSettings } from "./connection-pool.js";
import { Destination } from "./destination.js";
import { list, oneOf, optional, strict, Text, Uint32, type ValueOf } from "./fields.js";
import { WorkloadSelector } from "./selectors.js";
import { ServerTLSSettings } from "./server-tls-settings.js";

/** A port that a sidecar listens on. */
export const SidecarPort = strict({
  number: optional(Uint32),
  protocol: optional(Text),
  name: optional(Text),
  /** Deprecated; Istio ignores it. */
  targetPort: optional(Uint32),
});
export type SidecarPort = ValueOf<typeof SidecarPort>;

const CaptureMode = oneOf("DEFAULT", "IPTABLES", "NONE");

/** What a sidecar accepts for its workload. */
export const IstioIngressListener = strict({
  port: SidecarPort,
  bind: optional(Text),
  captureMode: optional(CaptureMode),
  defaultEndpoint: optional(Text),
  tls: optional(ServerTLSSettings),
  connectionPool: optional(ConnectionPoolSettings),
});
export type IstioIngressListener = ValueOf<typeof IstioIngressListener>;

/** Which services (`namespace/host`) a sidecar knows, perhaps on one port alone. */
export const IstioEgressListener = strict({
  port: optional(SidecarPort),
  bind: optional(Text),
  captureMode: optional(CaptureMode),
  hosts: list(Text),
});
export type IstioEgressListener = ValueOf<typeof IstioEgressListener>;

/** What becomes of traffic to hosts that are in no registry. */
export const OutboundTrafficPolicy = strict({
  mode: optional(oneOf("REGISTRY_ONLY", "ALLOW_ANY")),
  egressProxy: optional(Destination),
});
export type OutboundTrafficPolicy = ValueOf<typeof OutboundTrafficPolicy>;

/** What the sidecars of some workloads accept and reach. */
export const SidecarSpec = strict({
  workloadSelector: optional(WorkloadSelector),
  ingress: optional(list(IstioIngressListener)),
  egress: optional(list(IstioEgressListener)),
  inboundConnectionPool: optional(ConnectionPoolSettings),
  outboundTrafficPolicy: optional(OutboundTrafficPolicy),
});
export type SidecarSpec = ValueOf<typeof SidecarSpec>;

/** Istio's Sidecar. */
export const sidecar = {
  kind: "Sidecar",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  body: "spec",
  schema: SidecarSpec,
} as const satisfies KindDefinition<SidecarSpec>;
