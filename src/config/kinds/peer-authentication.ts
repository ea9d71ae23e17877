import type { KindDefinition } from "../kind.js";
import { mapOf, oneOf, optional, strict, type ValueOf } from "./fields.js";
import { PolicySelector } from "./selectors.js";

/** Whether connections to a workload have to be mutual TLS; `UNSET` inherits. */
export const MutualTLS = strict({
  mode: optional(oneOf("UNSET", "DISABLE", "PERMISSIVE", "STRICT")),
});
export type MutualTLS = ValueOf<typeof MutualTLS>;

/** Whether connections to some workloads have to be mutual TLS; the keys of `portLevelMtls` are port numbers. */
export const PeerAuthenticationSpec = strict({
  selector: optional(PolicySelector),
  mtls: optional(MutualTLS),
  portLevelMtls: optional(mapOf(MutualTLS)),
});
export type PeerAuthenticationSpec = ValueOf<typeof PeerAuthenticationSpec>;

/** Istio's PeerAuthentication. */
export const peerAuthentication = {
  kind: "PeerAuthentication",
  group: "security.istio.io",
  versions: ["v1", "v1beta1"],
  body: "spec",
  schema: PeerAuthenticationSpec,
} as const satisfies KindDefinition<PeerAuthenticationSpec>;
