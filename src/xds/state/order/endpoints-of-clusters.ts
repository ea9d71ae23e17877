/**
 * The endpoints (ClusterLoadAssignments) that clusters need: Envoy has a new or changed cluster warm only when an endpoints response
 * comes after it, and waits 15 s without one.
 */
import { type EncodedResource, TYPE_URL } from "../../resource.js";
import { type StreamState, subscriptionTo } from "../stream-state.js";
import { NO_NAMES } from "../subscription/name-set.js";
import { warmingResources } from "./warming.js";

/** The names of the endpoints of clusters. */
export function endpointsOf(clusters: readonly EncodedResource[]): readonly string[] {
  return clusters.map(({ endpoints }) => endpoints).filter((name) => name !== undefined);
}

/** The endpoints of clusters that the client has been sent and has not taken: it may be waiting for them. */
export function endpointsInDemand(state: StreamState): readonly string[] {
  const inFlight = subscriptionTo(state, TYPE_URL.cluster)?.inFlight ?? [];
  return inFlight.flatMap(({ payload }) => endpointsOf(payload.changed));
}

/**
 * The names of endpoints without which a cluster of a client does not become warm, and of which it may be told that there are
 * none. Not those of a cluster that is about to go and was warm before: calls may go by it until then.
 */
export function endpointsToWarm(state: StreamState): ReadonlySet<string> {
  const clusters = subscriptionTo(state, TYPE_URL.cluster);
  if (clusters === undefined) return NO_NAMES;
  const table = state.view.get(TYPE_URL.cluster);
  const sent = clusters.inFlight.flatMap(({ payload }) => payload.changed);
  const staying = sent.filter(({ name }) => table?.has(name) === true);
  const warming = clusters.holdsUnknownSet ? [] : warmingResources(clusters);
  return new Set(endpointsOf([...staying, ...warming.map(({ resource }) => resource)]));
}
