/** Which endpoints of a cluster are called, while all that are healthy stay so: by their priorities, places and weights. */
import type { ClusterLoadAssignmentJson, LbEndpointJson } from "../envoy/api.js";

type Place = NonNullable<ClusterLoadAssignmentJson["endpoints"]>[number];

/** The endpoints of a place, of which those of the least number of a priority are called first. */
export interface PlaceShare {
  /** `region/zone/subzone`, as far as it is known. */
  readonly place: string;
  readonly priority: number;
  /** Of the calls, from 0 to 1. */
  readonly share: number;
  /** Of the calls, for each of its endpoints. */
  readonly shares: readonly number[];
}

/** How much of what is there has to be healthy for a priority to take all calls. See Envoy, overprovisioning factor. */
const OVERPROVISIONING = 1.4;

/** Envoy takes an endpoint of which nothing is said for healthy. */
function isHealthy({ healthStatus = "UNKNOWN" }: LbEndpointJson): boolean {
  return healthStatus === "UNKNOWN" || healthStatus === "HEALTHY";
}

/** The shares of places in calls, in their order; `byPlace` where places have weights, and not their endpoints alone. */
export function placeShares(places: readonly Place[], byPlace: boolean): readonly PlaceShare[] {
  const loads = priorityLoads(places);
  const weights = places.map((place) => weightOf(place, byPlace));
  return places.map((place, index) => {
    const { priority = 0, lbEndpoints = [] } = place;
    const rivals = weights.filter((_, other) => (places[other]?.priority ?? 0) === priority);
    const all = total(rivals);
    const share = all === 0 ? 0 : ((weights[index] ?? 0) / all) * (loads.get(priority) ?? 0);
    const own = lbEndpoints.map(endpointWeight);
    const shares = own.map((weight) => (share === 0 ? 0 : (share * weight) / total(own)));
    return { place: placeName(place), priority, share, shares };
  });
}

/** How much of the calls each priority takes. */
function priorityLoads(places: readonly Place[]): ReadonlyMap<number, number> {
  const priorities = [...new Set(places.map(({ priority = 0 }) => priority))].sort((a, b) => a - b);
  const healths = priorities.map((one) => {
    const endpoints = places
      .filter(({ priority = 0 }) => priority === one)
      .flatMap(({ lbEndpoints = [] }) => lbEndpoints);
    return healthOf(endpoints);
  });
  const enough = Math.min(1, total(healths));
  let left = 1;
  return new Map(
    priorities.map((priority, index) => {
      const load = enough === 0 ? 0 : Math.min(left, (healths[index] ?? 0) / enough);
      left -= load;
      return [priority, load];
    }),
  );
}

/** How far some endpoints can do without those that are not healthy, from 0 to 1. */
function healthOf(endpoints: readonly LbEndpointJson[]): number {
  if (endpoints.length === 0) return 0;
  const healthy = endpoints.filter(isHealthy).length;
  return Math.min(1, (OVERPROVISIONING * healthy) / endpoints.length);
}

function weightOf({ lbEndpoints = [], loadBalancingWeight = 0 }: Place, byPlace: boolean): number {
  const own = total(lbEndpoints.map(endpointWeight));
  if (!byPlace) return own;
  return own === 0 ? 0 : loadBalancingWeight * healthOf(lbEndpoints);
}

const endpointWeight = (endpoint: LbEndpointJson): number =>
  isHealthy(endpoint) ? (endpoint.loadBalancingWeight ?? 1) : 0;

const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

function placeName({ locality = {} }: Place): string {
  const { region = "", zone = "", subZone = "" } = locality;
  return [region, zone, subZone].join("/").replace(/\/+$/, "");
}
