import { defined } from "../../../base/defined.js";
import type { KindDefinition } from "../../kind.js";
import type { ConfigResource } from "../../resource.js";
import { checkedByIstio } from "../istio-resource.js";
import { mapOf, oneOf, optional, strict, type ValueOf } from "../value/fields.js";
import { eachMember, type Findings, given, invalid, refuse } from "../value/findings.js";
import { checkPolicySelector, PolicySelector, readableTargets } from "../value/selectors.js";

/** Whether connections to a workload have to be mutual TLS; `UNSET` inherits. */
export type MutualTLS = ValueOf<typeof MutualTLS>;
export const MutualTLS = strict({
  mode: optional(oneOf("UNSET", "DISABLE", "PERMISSIVE", "STRICT")),
});

/** Whether connections to some workloads have to be mutual TLS; the keys of `portLevelMtls` are port numbers. */
export type PeerAuthenticationSpec = ValueOf<typeof PeerAuthenticationSpec>;
export const PeerAuthenticationSpec = strict({
  selector: optional(PolicySelector),
  mtls: optional(MutualTLS),
  portLevelMtls: optional(mapOf(MutualTLS)),
});

/** Istio's PeerAuthentication. */
export const peerAuthentication = {
  kind: "PeerAuthentication",
  group: "security.istio.io",
  versions: ["v1", "v1beta1"],
  shortNames: ["pa"],
  body: "spec",
  schema: PeerAuthenticationSpec,
  whenWrong: {
    spec: takeNoPlaintext,
    effect: "the workloads that it is for take mutual TLS alone (STRICT)",
  },
  check: checkedByIstio(checkPeerAuthentication),
} as const satisfies KindDefinition<PeerAuthenticationSpec>;

/** One with errors may be what keeps out who shows no certificate. */
function takeNoPlaintext({ spec }: ConfigResource): PeerAuthenticationSpec {
  const { selector } = readableTargets(spec);
  return { ...defined({ selector }), mtls: { mode: "STRICT" } };
}

function* checkPeerAuthentication({ spec }: ConfigResource<PeerAuthenticationSpec>): Findings {
  const { selector, portLevelMtls } = spec;
  yield* given(selector, ["spec", "selector"], checkPolicySelector);
  if (portLevelMtls === undefined) return;
  const path = ["spec", "portLevelMtls"];
  if (Object.keys(portLevelMtls).length === 0) {
    yield invalid(path, "portLevelMtls is empty: leave it out, or give a port");
  }
  if (Object.keys(selector?.matchLabels ?? {}).length === 0) {
    yield invalid(path, "portLevelMtls needs a selector: ports are those of some workloads");
  }
  yield* eachMember(portLevelMtls, path, (_, at, port) => {
    const valid = /^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65535;
    return refuse(at, valid ? undefined : `"${port}" is no port: 1 to 65535`);
  });
}
