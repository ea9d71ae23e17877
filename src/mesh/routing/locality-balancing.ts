/** Which endpoints the callers of one locality prefer. See Istio, LocalityLoadBalancerSetting and ZoneAwareLoadBalancerSetting. */
import { memberOf } from "../../base/member-of.js";
import type {
  LocalityDistribute,
  LocalityFailover,
  LocalityLoadBalancerSetting,
  ZoneAwareLoadBalancerSetting,
} from "../../config/kinds/networking/destination-rule/locality.js";
import type { TrafficPolicy } from "../../config/kinds/networking/destination-rule/traffic-policy.js";
import type { Labels } from "../labels.js";
import type { Service } from "../service/service.js";
import type { TrafficDistribution } from "../service/traffic-distribution.js";
import { distance, isWithin, regionOf } from "../workload/locality.js";
import type { Networks } from "../workload/networks.js";
import { CLUSTER, NETWORK_LABEL, NODE_LABEL, type Workload } from "../workload/workload.js";
import type { DestinationRule } from "./destination-rule.js";
import type { EffectivePolicy } from "./traffic-policy.js";

/** Where callers are, as far as it decides which endpoints they prefer. */
export interface ClientLocality {
  readonly locality: string;
  /** Those of their labels, topology included, that a failoverPriority names. */
  readonly labels: Labels;
}

/** What is said of places; of one that is zone-aware, endpoints of the caller's region come first, and are equal to us. */
export interface PlaceSetting extends LocalityLoadBalancerSetting {
  readonly isZoneAware?: true;
  /** The number of endpoints from which on Envoy weighs zones. */
  readonly minClusterSize?: number;
}

/** The settings of a policy, or of the mesh, that speak of places. */
interface PlaceSettings {
  readonly localityLbSetting?: LocalityLoadBalancerSetting;
  readonly zoneAwareLbSetting?: ZoneAwareLoadBalancerSetting;
}

/** What holds of these. The mesh always has the first; a policy has no more than one. */
export function placeSetting({
  localityLbSetting,
  zoneAwareLbSetting,
}: PlaceSettings): PlaceSetting | undefined {
  return zoneAwareLbSetting === undefined
    ? localityLbSetting
    : { ...zoneAwareLbSetting, isZoneAware: true };
}

/** What of a mesh decides which endpoints callers take by where they are. */
export interface LocalityPolicy {
  /** For policies without one of their own. */
  readonly setting: PlaceSetting;
  readonly networks: Networks;
  /** For policies that do not say which endpoints are outliers: calls fail over from these. */
  readonly outlierDetection: EffectivePolicy["outlierDetection"];
  /** Callers begin mutual TLS, by which alone other networks are reached, without being told to. */
  readonly autoMtls: boolean;
}

/** The callers of one locality. */
export interface LocalityCaller {
  readonly at: ClientLocality;
  readonly policy: LocalityPolicy;
}

/** The network of callers; `""` when it is not known. */
export const networkOfCaller = ({ at }: LocalityCaller): string => at.labels[NETWORK_LABEL] ?? "";

/** Endpoints of one locality that are tried at the same time. */
export interface EndpointGroup<E> {
  readonly locality: string;
  /** 0 is tried first. */
  readonly priority: number;
  readonly weight: number;
  readonly members: readonly E[];
}

interface Located {
  readonly workload: Workload;
}

/** How the endpoints of a cluster are preferred by where the caller is. */
export interface LocalityBalancing {
  readonly setting: PlaceSetting;
  /** Endpoints further away are tried when there are none nearer, or these are unhealthy. */
  readonly failsOver: boolean;
}

/** The labels that say where a workload is, the widest first. */
const TOPOLOGY = [
  NETWORK_LABEL,
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
] as const;

const preferring = (labels: readonly string[]): LocalityBalancing => ({
  setting: { failoverPriority: [...labels] },
  failsOver: true,
});

/** The label that says in which cluster a workload is. */
const CLUSTER_LABEL = "topology.istio.io/cluster";

/** What services ask for themselves; zones of Kubernetes have no parts. */
const ASKED: Readonly<Record<TrafficDistribution, LocalityBalancing | undefined>> = {
  any: undefined,
  "same-zone": preferring(TOPOLOGY.slice(0, 3)),
  nearest: preferring([...TOPOLOGY, NODE_LABEL]),
};

/** Whether callers of a service prefer endpoints on their own node, or call no others. */
export const asksForNodes = ({ distribution, nodeLocal }: Service): boolean =>
  distribution === "nearest" || nodeLocal === true;

/** Of the workloads of a service those that a caller may call: where callers are to stay on their node, those there. */
export function callableWorkloads(
  { nodeLocal }: Pick<Service, "nodeLocal">,
  workloads: readonly Workload[],
  caller: LocalityCaller | undefined,
): readonly Workload[] {
  if (nodeLocal !== true || caller === undefined) return workloads;
  const node = caller.at.labels[NODE_LABEL] ?? "";
  return workloads.filter((one) => (labelsWithTopology(one)[NODE_LABEL] ?? "") === node);
}

/**
 * What holds for a policy on a service: its own setting, else what the service asks for itself, else the mesh's; undefined
 * when it is switched off. Without outlier detection there is nothing to fail over from, but where a service asks for it, or
 * regions come first, there need be none. See Istio, loadbalancer.GetLocalityLbSetting.
 */
export function localityBalancing(
  policy: EffectivePolicy,
  { distribution }: Pick<Service, "distribution">,
  mesh: PlaceSetting,
): LocalityBalancing | undefined {
  const own = placeSetting(policy.loadBalancer ?? {});
  const asked = ASKED[distribution];
  if (own === undefined && asked !== undefined) return asked;
  const setting = own ?? mesh;
  return setting.enabled === false
    ? undefined
    : { setting, failsOver: ordersRegions(setting) || policy.outlierDetection !== undefined };
}

/** Whether endpoints of a host may be preferred by where the caller is. */
export function balancesByLocality(
  { distribution, nodeLocal }: Pick<Service, "distribution" | "nodeLocal">,
  rule: DestinationRule | undefined,
  { setting: mesh, networks, outlierDetection: outliers }: LocalityPolicy,
): boolean {
  if (distribution !== "any" || nodeLocal === true || networks.gateways.length > 0) return true;
  if (outliers !== undefined) return true;
  const balances = ({ outlierDetection, loadBalancer }: TrafficPolicy): boolean =>
    outlierDetection !== undefined || prefers(placeSetting(loadBalancer ?? {}));
  return prefers(mesh) || (rule !== undefined && policiesOf(rule).some(balances));
}

const ordersRegions = (setting: PlaceSetting | undefined): boolean =>
  setting?.isZoneAware === true && setting.enabled !== false;

/** Whether a setting has callers prefer endpoints where nothing finds out which of them are outliers. */
const prefers = (setting: PlaceSetting | undefined): boolean =>
  (setting?.distribute ?? []).length > 0 || ordersRegions(setting);

function policiesOf({ spec }: DestinationRule): readonly TrafficPolicy[] {
  const policies = [spec.trafficPolicy, ...(spec.subsets ?? []).map((one) => one.trafficPolicy)];
  return policies.flatMap((policy) =>
    policy === undefined ? [] : [policy, ...(policy.portLevelSettings ?? [])],
  );
}

/** The labels by which rules order endpoints. */
export function failoverLabels(rules: readonly DestinationRule[]): readonly string[] {
  return rules
    .flatMap(policiesOf)
    .flatMap(({ loadBalancer }) => labelsIn(placeSetting(loadBalancer ?? {})));
}

const labelsIn = (setting: PlaceSetting | undefined): readonly string[] =>
  (setting?.failoverPriority ?? []).map((entry) => readPriority(entry).label);

/**
 * The labels by which endpoints are ordered anywhere in a mesh, sorted: by its setting, by rules, which ask for `asked`, and by
 * services themselves; of nodes only where services ask for them.
 */
export function localityLabels(
  asked: Iterable<readonly string[]>,
  mesh: PlaceSetting,
  byNode: boolean,
): readonly string[] {
  const ofNodes = byNode ? [NODE_LABEL] : [];
  return [...new Set([...TOPOLOGY, ...ofNodes, ...labelsIn(mesh), ...[...asked].flat()])].sort();
}

/** The labels of a workload, and where it is in labels. See Istio, AugmentLabels. */
export function labelsWithTopology({
  labels,
  locality,
  network,
  node = "",
}: Pick<Workload, "labels" | "locality" | "network" | "node">): Labels {
  const [region = "", zone = "", ...rest] = locality.split("/");
  const values = [network, region, zone, rest.join("/"), node];
  const known = [...TOPOLOGY, NODE_LABEL]
    .map((label, index) => [label, values[index] ?? ""] as const)
    .filter(([, value]) => value !== "");
  return { ...labels, ...Object.fromEntries(known), [CLUSTER_LABEL]: CLUSTER };
}

/**
 * The groups as callers of a locality prefer them. A group that they are not to use is left out; where endpoints are not
 * taken out of service (`failsOver`), there is nothing to fail over from, so that all stay equal.
 */
export function preferredGroups<E extends Located>(
  groups: readonly EndpointGroup<E>[],
  client: ClientLocality,
  { setting, failsOver }: LocalityBalancing,
): readonly EndpointGroup<E>[] {
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0) return distributed(groups, client, distribute);
  if (!failsOver) return groups;
  const ordered =
    failoverPriority.length === 0 ? groups : byLabels(groups, client, failoverPriority);
  if (ordersRegions(setting)) return byRegion(ordered, client, failover);
  const isOrdered = ordered !== groups && failover.length === 0;
  return isOrdered ? ordered : byDistance(ordered, client, failover);
}

function distributed<E>(
  groups: readonly EndpointGroup<E>[],
  { locality }: ClientLocality,
  distribute: readonly LocalityDistribute[],
): readonly EndpointGroup<E>[] {
  const shares = distribute.find(({ from = "" }) => isWithin(locality, from))?.to;
  if (shares === undefined) return groups;
  const rest = new Set(groups);
  return Object.entries(shares).flatMap(([to, share]) => {
    const chosen = [...rest].filter((group) => isWithin(group.locality, to));
    const total = chosen.reduce((sum, { weight }) => sum + weight, 0);
    return chosen.map((group) => {
      rest.delete(group);
      return { ...group, weight: Math.ceil((group.weight * share) / total) };
    });
  });
}

/** Steps of the distance, with one more for regions that are not the one to fail over to. */
const STEPS = 5;
/** Of the distance to another region. */
const ELSEWHERE = 3;

function byDistance<E>(
  groups: readonly EndpointGroup<E>[],
  client: ClientLocality,
  failover: readonly LocalityFailover[],
): readonly EndpointGroup<E>[] {
  return bySteps(groups, client, failover, distance);
}

function byRegion<E>(
  groups: readonly EndpointGroup<E>[],
  client: ClientLocality,
  failover: readonly LocalityFailover[],
): readonly EndpointGroup<E>[] {
  return bySteps(groups, client, failover, (here, there) =>
    regionOf(here) === regionOf(there) ? 0 : ELSEWHERE,
  );
}

function bySteps<E>(
  groups: readonly EndpointGroup<E>[],
  { locality }: ClientLocality,
  failover: readonly LocalityFailover[],
  stepsTo: typeof distance,
): readonly EndpointGroup<E>[] {
  const target = failover.find(({ from }) => from === regionOf(locality))?.to;
  return withoutGaps(
    groups.map((group) => {
      const steps = stepsTo(locality, group.locality);
      const isElsewhere = target !== undefined && regionOf(group.locality) !== target;
      const priority = steps === ELSEWHERE && isElsewhere ? ELSEWHERE + 1 : steps;
      return { ...group, priority: group.priority * STEPS + priority };
    }),
  );
}

/** The more labels from the first on an endpoint shares with the caller, the earlier it is tried. */
function byLabels<E extends Located>(
  groups: readonly EndpointGroup<E>[],
  client: ClientLocality,
  failoverPriority: readonly string[],
): readonly EndpointGroup<E>[] {
  const wanted = failoverPriority.map(readPriority);
  const priorityOf = ({ workload }: E): number => {
    const labels = labelsWithTopology(workload);
    const differs = wanted.findIndex(
      ({ label, value }) =>
        (value ?? memberOf(client.labels, label) ?? "") !== (memberOf(labels, label) ?? ""),
    );
    return differs < 0 ? 0 : wanted.length - differs;
  };
  return withoutGaps(groups.flatMap((group) => splitGroup(group, priorityOf)));
}

function splitGroup<E extends Located>(
  { locality, members }: EndpointGroup<E>,
  priorityOf: (member: E) => number,
): readonly EndpointGroup<E>[] {
  const byPriority = new Map<number, E[]>();
  for (const member of members) {
    const priority = priorityOf(member);
    byPriority.set(priority, [...(byPriority.get(priority) ?? []), member]);
  }
  return [...byPriority]
    .sort(([a], [b]) => a - b)
    .map(([priority, own]) => ({
      locality,
      priority,
      weight: own.reduce((sum, { workload }) => sum + workload.weight, 0),
      members: own,
    }));
}

/** `LABEL`, which caller and endpoint have to share, or `LABEL=VALUE`, which the endpoint has to have. */
function readPriority(entry: string): { readonly label: string; readonly value?: string } {
  const [label = "", value] = entry.split("=");
  return value === undefined ? { label } : { label, value };
}

/** Envoy wants every priority from 0 on to be there. */
function withoutGaps<E>(groups: readonly EndpointGroup<E>[]): readonly EndpointGroup<E>[] {
  const used = [...new Set(groups.map(({ priority }) => priority))].sort((a, b) => a - b);
  return groups.map((group) => ({ ...group, priority: used.indexOf(group.priority) }));
}
