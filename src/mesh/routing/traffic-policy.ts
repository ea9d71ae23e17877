import type { Path } from "../../config/kind.js";
import type { ClientTLSSettings } from "../../config/kinds/networking/destination-rule/client-tls-settings.js";
import type { DestinationRuleSpec } from "../../config/kinds/networking/destination-rule/destination-rule.js";
import type { LoadBalancerSettings } from "../../config/kinds/networking/destination-rule/load-balancer.js";
import type { TrafficPolicy } from "../../config/kinds/networking/destination-rule/traffic-policy.js";
import type { Service } from "../service/service.js";
import type { DestinationRule } from "./destination-rule.js";

/** The policy of one port of one subset, after all merging. */
export type EffectivePolicy = Omit<TrafficPolicy, "portLevelSettings">;

const NO_POLICY: EffectivePolicy = {};

/**
 * `over` laid over `base`: a section that `over` has replaces that of `base`. Where it has settings for the port, these
 * stand in the place of all its sections, and inherit nothing of what they can say themselves; the tunnel is no matter of
 * ports. See Istio, MergeSubsetTrafficPolicy.
 */
function merge(
  base: EffectivePolicy,
  over: TrafficPolicy | undefined,
  port: number,
): EffectivePolicy {
  if (over === undefined) return base;
  const { portLevelSettings = [], ...sections } = over;
  const own = portLevelSettings.find((settings) => settings.port?.number === port);
  if (own === undefined) return { ...base, ...sections };
  const {
    connectionPool: _pool,
    outlierDetection: _outlier,
    loadBalancer: _balancer,
    tls: _tls,
    ...kept
  } = base;
  const { port: _port, ...ofPort } = own;
  const { tunnel } = sections;
  return { ...kept, ...(tunnel === undefined ? {} : { tunnel }), ...ofPort };
}

/**
 * The traffic policy of a subset (`""` for the whole service) on a port: the rule's, with the subset's over it, each with
 * its settings for the port. See Istio, DestinationRule.trafficPolicy.
 */
export function effectivePolicy(
  spec: Pick<DestinationRuleSpec, "trafficPolicy" | "subsets"> | undefined,
  subset: string,
  port: number,
): EffectivePolicy {
  const whole = merge(NO_POLICY, spec?.trafficPolicy, port);
  if (subset === "") return withMode(whole);
  const own = spec?.subsets?.find(({ name }) => name === subset)?.trafficPolicy;
  return withMode(merge(whole, own, port));
}

/** What speaks of TLS without a mode says that there is none: DISABLE is the first of the modes. */
function withMode(policy: EffectivePolicy): EffectivePolicy {
  const { tls } = policy;
  return tls === undefined || tls.mode !== undefined
    ? policy
    : { ...policy, tls: { ...tls, mode: "DISABLE" } };
}

/** What the mesh's configuration says for the policies that leave it open. See Istio, MeshConfig.defaultTrafficPolicy. */
export type PolicyDefaults = Pick<EffectivePolicy, "connectionPool" | "outlierDetection">;

/** The defaults of a mesh; the other parts of what it has there are not for it to say. */
export function policyDefaults({
  connectionPool,
  outlierDetection,
}: TrafficPolicy = {}): PolicyDefaults {
  return {
    ...(connectionPool === undefined ? {} : { connectionPool }),
    ...(outlierDetection === undefined ? {} : { outlierDetection }),
  };
}

/** Whether settings say how an endpoint is chosen, and not only which are preferred. */
const choosesEndpoint = ({
  simple = "UNSPECIFIED",
  consistentHash,
}: LoadBalancerSettings): boolean => simple !== "UNSPECIFIED" || consistentHash !== undefined;

/**
 * The traffic policy for calls of a service: the rule's, and where that leaves open how an endpoint is chosen, one for each
 * address of a client if the service asks for that. See Kubernetes, ServiceSpec.sessionAffinity.
 */
export function callPolicy(
  {
    rule,
    service,
  }: { readonly rule: DestinationRule | undefined; readonly service: Service | undefined },
  subset: string,
  port: number,
): EffectivePolicy {
  const policy = effectivePolicy(rule?.spec, subset, port);
  const { loadBalancer = {} } = policy;
  if (service?.sessionAffinity === undefined || choosesEndpoint(loadBalancer)) return policy;
  return { ...policy, loadBalancer: { ...loadBalancer, consistentHash: { useSourceIp: true } } };
}

/** Where settings say how is called with TLS: by the mode, or by being there without one. */
const modeIn = (tls: ClientTLSSettings, at: Path): Path =>
  tls.mode === undefined ? [...at, "tls"] : [...at, "tls", "mode"];

/** Where a policy says how a port is called with TLS; `inherited` when it says nothing of that. */
function modePath(
  policy: TrafficPolicy | undefined,
  port: number,
  at: Path,
): Path | "inherited" | undefined {
  const { portLevelSettings = [], tls } = policy ?? {};
  const own = portLevelSettings.findIndex((settings) => settings.port?.number === port);
  if (own < 0) return tls === undefined ? "inherited" : modeIn(tls, at);
  // What a port has settings for inherits nothing.
  const ofPort = portLevelSettings[own]?.tls;
  return ofPort && modeIn(ofPort, [...at, "portLevelSettings", own]);
}

/**
 * Where a rule says how a port of a subset (`""` for the whole service) is called with TLS; undefined when it does not say.
 */
export function tlsModePath(
  spec: DestinationRuleSpec,
  subset: string,
  port: number,
): Path | undefined {
  const index = (spec.subsets ?? []).findIndex(({ name }) => name === subset);
  const own = modePath(spec.subsets?.[index]?.trafficPolicy, port, [
    ...["spec", "subsets"],
    ...[index, "trafficPolicy"],
  ]);
  if (own !== "inherited") return own;
  const whole = modePath(spec.trafficPolicy, port, ["spec", "trafficPolicy"]);
  return whole === "inherited" ? undefined : whole;
}
