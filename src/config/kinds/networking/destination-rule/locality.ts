import type { Path } from "../../../kind.js";
import {
  Flag,
  list,
  mapOf,
  optional,
  strict,
  Text,
  Uint32,
  type ValueOf,
} from "../../value/fields.js";
import { each, eachMember, type Findings, invalid, refuse } from "../../value/findings.js";
import { notApplied } from "../../value/unapplied.js";

/** Weights of the localities that traffic from one locality goes to: `region/zone/*` to a percentage. */
export type LocalityDistribute = ValueOf<typeof LocalityDistribute>;
const LocalityDistribute = strict({
  from: optional(Text),
  to: optional(mapOf(Uint32)),
});

/** The region that takes over when the endpoints of another become unhealthy. */
export type LocalityFailover = ValueOf<typeof LocalityFailover>;
const LocalityFailover = strict({ from: optional(Text), to: optional(Text) });

/** Load balancing by where caller and endpoints are. */
export type LocalityLoadBalancerSetting = ValueOf<typeof LocalityLoadBalancerSetting>;
export const LocalityLoadBalancerSetting = strict({
  distribute: optional(list(LocalityDistribute)),
  failover: optional(list(LocalityFailover)),
  failoverPriority: optional(list(Text)),
  enabled: optional(Flag),
});

/** Load balancing by zone, as Envoy finds it out itself, since Istio 1.31. */
export type ZoneAwareLoadBalancerSetting = ValueOf<typeof ZoneAwareLoadBalancerSetting>;
export const ZoneAwareLoadBalancerSetting = strict({
  enabled: optional(Flag),
  failover: optional(list(LocalityFailover)),
  failoverPriority: optional(list(Text)),
  minClusterSize: optional(Uint32),
});

/** The labels that say where an endpoint is. */
const TOPOLOGY_LABELS: readonly string[] = [
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.istio.io/subzone",
];

/** Weights that are all of the traffic, and regions that stand in for others. */
export function* checkLocality(setting: LocalityLoadBalancerSetting, path: Path): Findings {
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0 && failover.length > 0) {
    yield invalid([...path, "failover"], "failover excludes distribute: give one of them");
  }
  const topology = failoverPriority.findIndex((label) => TOPOLOGY_LABELS.includes(label));
  if (failover.length > 0 && topology >= 0) {
    const at = [...path, "failoverPriority", topology];
    yield invalid(
      at,
      `failover excludes the label ${failoverPriority[topology] ?? ""}, which orders regions too`,
    );
  }
  yield* checkDistinct(
    distribute.map(({ from = "" }) => from),
    (index) => [...path, "distribute", index, "from"],
  );
  yield* each(distribute, [...path, "distribute"], checkDistribute);
  yield* each(failover, [...path, "failover"], checkFailover);
}

/**
 * Regions that stand in for others, and what else orders endpoints but where they are. Zones are weighed by Envoys alone that know who
 * their own peers are.
 */
export function* checkZoneAware(setting: ZoneAwareLoadBalancerSetting, path: Path): Findings {
  yield* each(setting.failover, [...path, "failover"], checkFailover);
  yield* each(setting.failoverPriority, [...path, "failoverPriority"], (label, at) => {
    const [name = ""] = label.split("=");
    const problem = `Envoy weighs zones itself: failoverPriority is for other labels than ${name}`;
    return refuse(at, TOPOLOGY_LABELS.includes(name) ? problem : undefined);
  });
  if (setting.enabled === false) return;
  yield notApplied(path, "in zoneAwareLbSetting the zone of the caller, unlike its region,");
}

function* checkDistribute({ to = {} }: LocalityDistribute, path: Path): Findings {
  const at = [...path, "to"];
  yield* eachMember(to, at, (weight, member) => {
    const valid = weight >= 1 && weight <= 100;
    return refuse(member, valid ? undefined : `${weight} is no weight of a locality: 1 to 100`);
  });
  const total = Object.values(to).reduce((sum, weight) => sum + weight, 0);
  if (total !== 100) yield invalid(at, `the weights add up to ${total}: they have to be 100`);
  const localities = Object.keys(to);
  yield* checkDistinct(localities, (index) => [...at, localities[index] ?? ""]);
}

function* checkFailover({ from = "", to = "" }: LocalityFailover, path: Path): Findings {
  if (from === to) yield invalid([...path, "to"], `the region "${to}" cannot stand in for itself`);
  for (const [field, region] of Object.entries({ from, to })) {
    const problem = `"${region}" is no region: no zones, no wildcards`;
    yield* refuse([...path, field], /[/*]/.test(region) ? problem : undefined);
  }
}

/**
 * Localities of which none covers one before it or is covered by it, as `us/east/*` is by `us/*`. One that ends with a
 * wildcard can stand for what those before it leave.
 */
function* checkDistinct(localities: readonly string[], pathOf: (index: number) => Path): Findings {
  for (const [index, locality] of localities.entries()) {
    const problem = localityProblem(locality);
    const other = localities.slice(0, index).find((earlier) => overlaps(earlier, locality));
    if (problem !== undefined) yield invalid(pathOf(index), problem);
    else if (other !== undefined) {
      yield invalid(pathOf(index), `the localities "${locality}" and "${other}" overlap`);
    }
  }
}

function localityProblem(locality: string): string | undefined {
  if (/\*./.test(locality)) return `"${locality}" is no locality: a wildcard has to be at the end`;
  const complete = !locality.split("/").includes("");
  return complete ? undefined : `"${locality}" is no locality: region/zone/subzone or less`;
}

function overlaps(earlier: string, later: string): boolean {
  return covers(earlier, later) || (!later.endsWith("*") && covers(later, earlier));
}

function covers(wide: string, narrow: string): boolean {
  const places = placesOf(narrow);
  return placesOf(wide).every((place, index) => place === places[index]);
}

/** `us/east/*` and `us/east` are the same place. */
function placesOf(locality: string): string[] {
  return locality.split("/").filter((place) => place !== "*");
}
