import type { KindDefinition, Path } from "../../../kind.js";
import type { ConfigResource } from "../../../resource.js";
import { checkedByIstio } from "../../istio-resource.js";
import { domainProblem } from "../../value/dns-names.js";
import { list, oneOf, optional, strict, type ValueOf } from "../../value/fields.js";
import { type Findings, given, invalid, refuse } from "../../value/findings.js";
import { checkWorkloadSelector, WorkloadSelector } from "../../value/selectors.js";
import {
  ConnectionPoolSettings,
  checkConnectionPool,
} from "../destination-rule/connection-pool.js";
import { checkDestination, Destination } from "../virtual-service/destination.js";
import { checkEgressListeners, IstioEgressListener } from "./sidecar-egress.js";
import { checkIngressListeners, IstioIngressListener } from "./sidecar-ingress.js";

/** What becomes of traffic to hosts that are in no registry. */
export type OutboundTrafficPolicy = ValueOf<typeof OutboundTrafficPolicy>;
const OutboundTrafficPolicy = strict({
  /** REGISTRY_ONLY when absent and the policy is there. */
  mode: optional(oneOf("REGISTRY_ONLY", "ALLOW_ANY")),
  egressProxy: optional(Destination),
});

/** What the sidecars of some workloads accept and reach. */
export type SidecarSpec = ValueOf<typeof SidecarSpec>;
export const SidecarSpec = strict({
  workloadSelector: optional(WorkloadSelector),
  ingress: optional(list(IstioIngressListener)),
  egress: optional(list(IstioEgressListener)),
  inboundConnectionPool: optional(ConnectionPoolSettings),
  outboundTrafficPolicy: optional(OutboundTrafficPolicy),
});

/** Istio's Sidecar. */
export const sidecar = {
  kind: "Sidecar",
  group: "networking.istio.io",
  versions: ["v1", "v1beta1", "v1alpha3"],
  body: "spec",
  schema: SidecarSpec,
  check: checkedByIstio(checkSidecar),
} as const satisfies KindDefinition<SidecarSpec>;

function* checkSidecar({ spec, metadata }: ConfigResource<SidecarSpec>): Findings {
  const { ingress = [], egress = [], inboundConnectionPool, outboundTrafficPolicy } = spec;
  yield* given(spec.workloadSelector, ["spec", "workloadSelector"], checkWorkloadSelector);
  const settings = [inboundConnectionPool, outboundTrafficPolicy].filter(Boolean);
  if (ingress.length + egress.length + settings.length === 0) {
    yield invalid(
      ["spec"],
      "the Sidecar says nothing: give egress, ingress or outboundTrafficPolicy",
    );
  }
  yield* checkIngressListeners(ingress, ["spec", "ingress"]);
  yield* given(inboundConnectionPool, ["spec", "inboundConnectionPool"], checkConnectionPool);
  yield* checkEgressListeners(egress, ["spec", "egress"], metadata.namespace);
  yield* given(outboundTrafficPolicy, ["spec", "outboundTrafficPolicy"], checkOutboundPolicy);
}

function* checkOutboundPolicy(policy: OutboundTrafficPolicy, path: Path): Findings {
  const { mode = "REGISTRY_ONLY", egressProxy } = policy;
  if (egressProxy === undefined) return;
  const at = [...path, "egressProxy"];
  if (mode !== "ALLOW_ANY") yield invalid(at, "egressProxy needs mode ALLOW_ANY");
  yield* refuse([...at, "host"], domainProblem(egressProxy.host));
  if (egressProxy.port === undefined) yield invalid([...at, "port"], "egressProxy needs a port");
  yield* checkDestination(egressProxy, at);
}
