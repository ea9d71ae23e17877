/** Which endpoints a caller prefers by where it is. "Locality Load Balancing", and LocalityLoadBalancerSetting. */
import type { Labels } from "../routing/objects.js";
import type { LocalitySetting, MeshConfig, PlacedCaller, TrafficPolicy } from "./objects.js";
import type { Host, Instance } from "./registry.js";

/** Endpoints of one locality that are tried at the same time. */
export interface Group {
  readonly locality: string;
  readonly priority: number;
  readonly weight: number;
  readonly members: readonly Instance[];
}

const REGION = "topology.kubernetes.io/region";
const ZONE = "topology.kubernetes.io/zone";
const SUBZONE = "topology.istio.io/subzone";
const NETWORK = "topology.istio.io/network";
const NODE = "kubernetes.io/hostname";

const parts = (locality: string): readonly [string, string, string] => {
  const [region = "", zone = "", subzone = ""] = locality.split("/");
  return [region, zone, subzone];
};

/** Labels, and what is known of the place in the words of labels. */
function withPlace(labels: Labels, locality: string, network: string): Labels {
  const [region, zone, subzone] = parts(locality);
  return {
    ...labels,
    ...(region === "" ? {} : { [REGION]: region }),
    ...(zone === "" ? {} : { [ZONE]: zone }),
    ...(subzone === "" ? {} : { [SUBZONE]: subzone }),
    ...(network === "" ? {} : { [NETWORK]: network }),
    "topology.istio.io/cluster": "Kubernetes",
  };
}

/** What holds, and whether endpoints are tried one after the other without a policy that finds outliers. */
export interface Preference {
  readonly setting: LocalitySetting;
  readonly failsOver: boolean;
}

/** "If unset, the locality load balancing of the mesh"; what a Service asks for itself stands between. */
export function preferenceOf(
  { loadBalancer, outlierDetection }: TrafficPolicy,
  { trafficDistribution }: Host,
  { localityLbSetting: mesh = { enabled: true } }: MeshConfig,
): Preference | undefined {
  const own = loadBalancer?.localityLbSetting;
  const failsOver = outlierDetection !== undefined;
  if (own !== undefined) return own.enabled === false ? undefined : { setting: own, failsOver };
  const ofZone = [NETWORK, REGION, ZONE];
  switch (trafficDistribution) {
    case "PreferClose":
    case "PreferSameZone":
      return { setting: { failoverPriority: ofZone }, failsOver: true };
    case "PreferSameNode":
      return { setting: { failoverPriority: [...ofZone, SUBZONE, NODE] }, failsOver: true };
    default:
      return mesh.enabled === false ? undefined : { setting: mesh, failsOver };
  }
}

/** Whether the weights of localities count: only where the user speaks of localities. */
export function weighsLocalities(preference: Preference | undefined): boolean {
  if (preference === undefined) return false;
  const { setting, failsOver } = preference;
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  return distribute.length > 0 || (failsOver && failover.length + failoverPriority.length > 0);
}

function matches(locality: string, pattern: string): boolean {
  const own = parts(locality);
  return parts(pattern).every(
    (part, i) => part === "*" || part === own[i] || (part === "" && i > 0),
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** "Locality weights": a share is divided among all localities that a pattern stands for, in proportion to their weights. */
function distributed(
  groups: readonly Group[],
  caller: PlacedCaller,
  distribute: NonNullable<LocalitySetting["distribute"]>,
): readonly Group[] {
  const to = distribute.find(({ from = "" }) => matches(caller.locality, from))?.to;
  if (to === undefined) return groups;
  const patterns = Object.keys(to);
  const first = (locality: string): string | undefined =>
    patterns.find((pattern) => matches(locality, pattern));
  return groups.flatMap((group) => {
    const pattern = first(group.locality);
    if (pattern === undefined) return [];
    const all = groups.filter(({ locality }) => first(locality) === pattern);
    const share = (group.weight * (to[pattern] ?? 0)) / sum(all.map(({ weight }) => weight));
    return [{ ...group, weight: Math.ceil(share) }];
  });
}

const withoutGaps = (groups: readonly Group[]): readonly Group[] => {
  const used = [...new Set(groups.map(({ priority }) => priority))].sort((a, b) => a - b);
  return groups.map((group) => ({ ...group, priority: used.indexOf(group.priority) }));
};

/** The same subzone, zone, region, and then the region that a failover names. */
function byDistance(
  groups: readonly Group[],
  caller: PlacedCaller,
  failover: NonNullable<LocalitySetting["failover"]>,
): readonly Group[] {
  const here = parts(caller.locality);
  const next = failover.find(({ from }) => from === here[0])?.to;
  const distance = (locality: string): number => {
    const there = parts(locality);
    const same = here.findIndex((part, i) => part !== there[i]);
    if (same === 0 && next !== undefined) return there[0] === next ? 3 : 4;
    return same < 0 ? 0 : 3 - same;
  };
  return withoutGaps(
    groups.map((one) => ({ ...one, priority: one.priority * 5 + distance(one.locality) })),
  );
}

/** "The first N labels match" is tried before "the first N-1 labels match". */
function byLabels(
  groups: readonly Group[],
  caller: PlacedCaller,
  priorities: readonly string[],
): readonly Group[] {
  const own = withPlace(caller.labels, caller.locality, caller.network);
  const priorityOf = ({ labels, locality, network }: Instance): number => {
    const theirs = withPlace(labels, locality, network);
    const differs = priorities.findIndex((entry) => {
      const [label = "", wanted = own[label]] = entry.split("=");
      return (wanted ?? "") !== (theirs[label] ?? "");
    });
    return differs < 0 ? 0 : priorities.length - differs;
  };
  return withoutGaps(
    groups.flatMap((group) =>
      [...new Set(group.members.map(priorityOf))].map((priority) => {
        const members = group.members.filter((one) => priorityOf(one) === priority);
        return { ...group, priority, members, weight: sum(members.map(({ weight }) => weight)) };
      }),
    ),
  );
}

/** The endpoints of a cluster in the order in which a caller tries them. */
export function ordered(
  instances: readonly Instance[],
  caller: PlacedCaller,
  preference: Preference | undefined,
): readonly Group[] {
  const localities = [...new Set(instances.map(({ locality }) => locality))];
  const groups = localities.map((locality) => {
    const members = instances.filter((one) => one.locality === locality);
    return { locality, priority: 0, members, weight: sum(members.map(({ weight }) => weight)) };
  });
  if (preference === undefined) return groups;
  const { setting, failsOver } = preference;
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0) return distributed(groups, caller, distribute);
  if (!failsOver) return groups;
  if (failoverPriority.length === 0) return byDistance(groups, caller, failover);
  const found = byLabels(groups, caller, failoverPriority);
  return failover.length === 0 ? found : byDistance(found, caller, failover);
}
