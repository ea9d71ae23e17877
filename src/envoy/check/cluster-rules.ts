/** Which ways of discovery, load balancing and ejection can stand together in a cluster. */

import type { Cluster } from "../../../gen/types/envoy/config/cluster/v3/cluster_pb.js";
import type { OutlierDetection } from "../../../gen/types/envoy/config/cluster/v3/outlier_detection_pb.js";
import { milliseconds } from "./durations.js";
import { unresolvedEndpoints } from "./endpoint-rules.js";
import { type StructureRule, structureRule } from "./structure-rule.js";
import type { Violation } from "./violation.js";

/** Numbers of `Cluster.DiscoveryType`. */
const STATIC = 0;
const LOGICAL_DNS = 2;
const ORIGINAL_DST = 4;

/** Numbers of `Cluster.LbPolicy`. */
const RING_HASH = 2;
const MAGLEV = 5;
const CLUSTER_PROVIDED = 6;

function* clusterViolations(cluster: Cluster): Iterable<Violation> {
  const { clusterDiscoveryType: discovery } = cluster;
  if (discovery.case !== "clusterType") {
    yield* discoveryViolations(cluster, discovery.value ?? STATIC);
  }
  yield* balancingViolations(cluster);
}

function* discoveryViolations(cluster: Cluster, type: number): Iterable<Violation> {
  const { loadAssignment, loadBalancingPolicy } = cluster;
  const balancer: number = cluster.lbPolicy;
  if (type === ORIGINAL_DST) {
    if (balancer !== CLUSTER_PROVIDED) {
      yield { path: "lb_policy", problem: "must be CLUSTER_PROVIDED for ORIGINAL_DST" };
    }
    if (loadAssignment !== undefined) {
      yield { path: "load_assignment", problem: "must not be there for ORIGINAL_DST" };
    }
    return;
  }
  if (balancer === CLUSTER_PROVIDED && loadBalancingPolicy === undefined) {
    yield { path: "lb_policy", problem: "must not be CLUSTER_PROVIDED for this type of cluster" };
  }
  if (type === STATIC && loadAssignment !== undefined) {
    for (const violation of unresolvedEndpoints(loadAssignment)) {
      yield { ...violation, path: `load_assignment.${violation.path}` };
    }
  }
  if (type === LOGICAL_DNS) yield* logicalViolations(cluster);
}

function* logicalViolations({ loadAssignment }: Cluster): Iterable<Violation> {
  const localities = loadAssignment?.endpoints ?? [];
  const [only] = localities;
  if (localities.length === 1 && only?.lbEndpoints.length === 1) return;
  const count = localities.reduce((sum, { lbEndpoints }) => sum + lbEndpoints.length, 0);
  const problem = `must have exactly one endpoint for LOGICAL_DNS, not ${count}`;
  yield { path: "load_assignment.endpoints", problem };
}

const DEFAULT_SMALLEST_RING = 1024n;
const DEFAULT_LARGEST_RING = 8n * 1024n * 1024n;

function* balancingViolations({ lbPolicy, lbConfig }: Cluster): Iterable<Violation> {
  const balancer: number = lbPolicy;
  if (balancer === RING_HASH && lbConfig.case === "ringHashLbConfig") {
    const { minimumRingSize: smallest, maximumRingSize: largest } = lbConfig.value;
    const least = smallest ?? DEFAULT_SMALLEST_RING;
    const most = largest ?? DEFAULT_LARGEST_RING;
    if (least > most) {
      const path = "ring_hash_lb_config.minimum_ring_size";
      yield { path, problem: `must be at most the largest, ${most}`, found: String(least) };
    }
  }
  if (balancer === MAGLEV && lbConfig.case === "maglevLbConfig") {
    const { tableSize } = lbConfig.value;
    if (tableSize === undefined || isPrime(tableSize)) return;
    const path = "maglev_lb_config.table_size";
    yield { path, problem: "must be a prime number", found: String(tableSize) };
  }
}

/** Numbers below two are not: with a table of one Envoy ends by a division by zero. */
function isPrime(number: bigint): boolean {
  if (number < 2n) return false;
  for (let divisor = 2n; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0n) return false;
  }
  return true;
}

const DEFAULT_EJECTION_MS = 30_000;

function* ejectionViolations({
  baseEjectionTime: base,
  maxEjectionTime: max,
}: OutlierDetection): Iterable<Violation> {
  if (max === undefined) return;
  const shortest = base === undefined ? DEFAULT_EJECTION_MS : milliseconds(base);
  if (milliseconds(max) >= shortest) return;
  const problem = `must not be shorter than base_ejection_time, ${shortest / 1000}s`;
  yield { path: "max_ejection_time", problem };
}

export const CLUSTER_RULES: readonly StructureRule[] = [
  structureRule<Cluster>("envoy.config.cluster.v3.Cluster", clusterViolations),
  structureRule<OutlierDetection>("envoy.config.cluster.v3.OutlierDetection", ejectionViolations),
];
