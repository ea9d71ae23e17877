import type { KindDefinition } from "../kind.js";
import { list, optional, strict, Text, TextMap, Uint32, type ValueOf } from "./fields.js";
import { ServerTLSSettings } from "./server-tls-settings.js";

/** The port that a server listens on. */
export const GatewayPort = strict({
  number: Uint32,
  protocol: Text,
  name: Text,
  /** Deprecated; Istio ignores it. */
  targetPort: optional(Uint32),
});
export type GatewayPort = ValueOf<typeof GatewayPort>;

/** One port of a gateway with the hosts that it serves. */
export const Server = strict({
  port: GatewayPort,
  bind: optional(Text),
  hosts: list(Text),
  tls: optional(ServerTLSSettings),
  defaultEndpoint: optional(Text),
  name: optional(Text),
});
export type Server = ValueOf<typeof Server>;

/** What a gateway workload listens for. */
export const GatewaySpec = strict({
  servers: optional(list(Server)),
  selector: optional(TextMap),
});
export type GatewaySpec = ValueOf<typeof GatewaySpec>;

/** Istio's Gateway. */
export const gateway = {
  kind: "Gateway",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  body: "spec",
  schema: GatewaySpec,
} as const satisfies KindDefinition<GatewaySpec>;
