import type { LoadBalancerSettings } from "../../config/kinds/networking/destination-rule/load-balancer.js";
import type { OutlierDetection } from "../../config/kinds/networking/destination-rule/outlier-detection.js";
import type { LocalityBalancing } from "../../mesh/routing/locality-balancing.js";
import type { Service } from "../../mesh/service/service.js";
import type { Cluster_SlowStartConfigJson, ClusterJson } from "../api.js";
import { goDuration } from "../duration.js";

const SIMPLE: Readonly<Record<string, ClusterJson["lbPolicy"]>> = {
  ROUND_ROBIN: "ROUND_ROBIN",
  RANDOM: "RANDOM",
  LEAST_CONN: "LEAST_REQUEST",
  LEAST_REQUEST: "LEAST_REQUEST",
};

/** The least number of points on a hash ring when the user names none. */
const MINIMUM_RING_SIZE = 1024;

type Balancing = Pick<
  ClusterJson,
  "lbPolicy" | "leastRequestLbConfig" | "roundRobinLbConfig" | "ringHashLbConfig" | "maglevLbConfig"
>;

/** How an endpoint is chosen: least requests unless the rule says otherwise. See Istio, LoadBalancerSettings. */
export function loadBalancing(settings: LoadBalancerSettings | undefined): Balancing {
  const hash = settings?.consistentHash;
  if (hash === undefined) return simpleBalancing(settings);
  if (hash.maglev !== undefined) {
    const tableSize = hash.maglev.tableSize;
    return {
      lbPolicy: "MAGLEV",
      ...(tableSize === undefined ? {} : { maglevLbConfig: { tableSize: String(tableSize) } }),
    };
  }
  const size = hash.ringHash?.minimumRingSize ?? hash.minimumRingSize ?? 0;
  return {
    lbPolicy: "RING_HASH",
    ringHashLbConfig: { minimumRingSize: String(size > 0 ? size : MINIMUM_RING_SIZE) },
  };
}

function simpleBalancing(settings: LoadBalancerSettings | undefined): Balancing {
  const lbPolicy = SIMPLE[settings?.simple ?? ""] ?? "LEAST_REQUEST";
  const slowStartConfig = slowStart(settings);
  if (slowStartConfig === undefined) return { lbPolicy };
  switch (lbPolicy) {
    case "LEAST_REQUEST":
      return { lbPolicy, leastRequestLbConfig: { slowStartConfig } };
    case "ROUND_ROBIN":
      return { lbPolicy, roundRobinLbConfig: { slowStartConfig } };
    default:
      return { lbPolicy };
  }
}

/** Envoy wants to name what an operator could set at run time; nothing does. */
const AGGRESSION_KEY = "slow_start.aggression";

/** How slowly a new endpoint is given its full share. See Istio, WarmupConfiguration. */
function slowStart(
  settings: LoadBalancerSettings | undefined,
): Cluster_SlowStartConfigJson | undefined {
  const { warmup, warmupDurationSecs } = settings ?? {};
  const slowStartWindow = goDuration(warmup?.duration ?? warmupDurationSecs);
  if (slowStartWindow === undefined) return undefined;
  const { aggression, minimumPercent } = warmup ?? {};
  return {
    slowStartWindow,
    ...(aggression === undefined
      ? {}
      : { aggression: { defaultValue: aggression, runtimeKey: AGGRESSION_KEY } }),
    ...(minimumPercent === undefined ? {} : { minWeightPercent: { value: minimumPercent } }),
  };
}

/** Whether the user speaks of localities, other than of zones that Envoy is to weigh itself. */
function weighsLocalities(locality: LocalityBalancing | undefined): boolean {
  if (locality === undefined || locality.setting.isZoneAware === true) return false;
  const { distribute = [], failover = [], failoverPriority = [] } = locality.setting;
  const ordered = locality.failsOver ? [...failover, ...failoverPriority] : [];
  return distribute.length + ordered.length > 0;
}

/**
 * Settings that all load balancers share. Envoy calls endpoints whatever their health when too few are left that are in order
 * ("panic"); Istio turns that off where endpoints are taken out, unless the rule names a share, and always where a service asks
 * for those nearby, of which callers know the ones that are not ready. The weights of localities count only where the user
 * speaks of localities: they take precedence over the load balancer's own choice.
 */
export function commonLoadBalancing(
  { distribution }: Pick<Service, "distribution">,
  outlier: OutlierDetection | undefined,
  locality: LocalityBalancing | undefined,
): NonNullable<ClusterJson["commonLbConfig"]> {
  const { minClusterSize } = locality?.setting ?? {};
  const panic = distribution === "any" ? outlier && (outlier.minHealthPercent ?? 0) : 0;
  return {
    ...(panic === undefined ? {} : { healthyPanicThreshold: { value: panic } }),
    ...(weighsLocalities(locality) ? { localityWeightedLbConfig: {} } : {}),
    ...(minClusterSize === undefined
      ? {}
      : { zoneAwareLbConfig: { minClusterSize: String(minClusterSize) } }),
  };
}
