import type {
  ClusterJson,
  ClusterLoadAssignmentJson,
  ListenerJson,
  RouteConfigurationJson,
} from "../envoy/api.js";
import type { Encoder } from "../envoy/encoder.js";
import { MESSAGE } from "../envoy/part/envoy-types.js";
import type { ResourceSet, ResourceSets } from "../envoy/resource-set.js";

/** What a proxy holds, as far as it decides where calls go: canonical JSON of Envoy's API. */
export interface ProxyConfiguration {
  readonly listeners: readonly ListenerJson[];
  readonly routes: readonly RouteConfigurationJson[];
  readonly clusters: readonly ClusterJson[];
  /** Of the clusters that have none in themselves. */
  readonly endpoints: readonly ClusterLoadAssignmentJson[];
}

/** The configuration in what a proxy is sent; what would be refused is not in it. */
export function proxyConfiguration(sets: ResourceSets, encoder: Encoder): ProxyConfiguration {
  return {
    listeners: decodeSet(sets.listeners, MESSAGE.listener, encoder) as ListenerJson[],
    routes: decodeSet(sets.routes, MESSAGE.route, encoder) as RouteConfigurationJson[],
    clusters: decodeSet(sets.clusters, MESSAGE.cluster, encoder) as ClusterJson[],
    endpoints: decodeSet(sets.endpoints, MESSAGE.endpoint, encoder) as ClusterLoadAssignmentJson[],
  };
}

function decodeSet(set: ResourceSet, type: string, encoder: Encoder): readonly unknown[] {
  return set
    .sorted()
    .filter(([, { refusal }]) => refusal === undefined)
    .map(([, { bytes }]) => encoder.decode(type, bytes));
}
