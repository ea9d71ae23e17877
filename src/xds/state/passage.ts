/**
 * Views that a client is taken to by way of another.
 *
 * A cluster accepts only peers of certain names behind its endpoints. Where a service goes over to others, both change
 * together, and Envoy gives the new endpoints, which have one name for both, to the cluster that is about to be replaced as
 * well as to the one that gets warm in its place; by the incremental protocol in no certain order. So for a moment calls may go
 * to the new endpoints by the old cluster, and fail. Therefore the client is taken first to a view that differs in this alone:
 * such a cluster accepts the peers of before and of after, and its endpoints are those of before. Once the client has taken
 * that cluster, it is told the rest; if it does not, it is told the rest all the same after a while (Pacing.ackWaitMs).
 */

import {
  type EncodedResource,
  type ResourceTable,
  type ResourceView,
  TYPE_URL,
} from "../resource.js";
import type { Moment } from "./moment.js";
import {
  type HeldTables,
  type StreamState,
  subscriptionTo,
  withPassage,
  withView,
} from "./stream-state.js";
import { isRejected, isSameContent, type Subscription, wants } from "./subscription.js";
import type { Way } from "./ways.js";

/** A view but for the tables of a way. */
class PassedView implements ResourceView {
  readonly #to: ResourceView;
  readonly #way: Way;

  constructor(to: ResourceView, way: Way) {
    this.#to = to;
    this.#way = way;
  }

  get(typeUrl: string): ResourceTable | undefined {
    switch (typeUrl) {
      case TYPE_URL.cluster:
        return this.#way.clusters;
      case TYPE_URL.endpoint:
        return this.#way.endpoints;
      default:
        return this.#to.get(typeUrl);
    }
  }
}

/** The state of a stream whose client should hold a view from now on, or what it has to hold first. */
export function towards(state: StreamState, view: ResourceView, moment: Moment): StreamState {
  const { passage } = state;
  if (state.view === view || passage?.to === view) return state;
  const { now, pacing, ways } = moment;
  // As long as it is on its way, it may use what it had before as well as what it was sent.
  const isOnItsWay = passage !== undefined && now < passage.until;
  const from = isOnItsWay ? passage.from : heldTables(state);
  if (from === undefined) return withView(state, view);
  const [clusters, endpoints] = [view.get(TYPE_URL.cluster), view.get(TYPE_URL.endpoint)];
  if (clusters === undefined || endpoints === undefined) return withView(state, view);
  const way = ways.between(from, { clusters, endpoints });
  if (way === undefined || hasRefusedEnd(state, way, clusters)) return withView(state, view);
  const { through } = way;
  const until = isOnItsWay ? passage.until : now + pacing.ackWaitMs;
  const next = withPassage(state, new PassedView(view, way), { from, to: view, through, until });
  return arrived(next, moment);
}

/** What the client holds of clusters and endpoints, where the order in which it is told of them is not certain. */
function heldTables(state: StreamState): HeldTables | undefined {
  const clusters = subscriptionTo(state, TYPE_URL.cluster);
  const endpoints = subscriptionTo(state, TYPE_URL.endpoint);
  if (clusters?.style !== "delta" || endpoints === undefined) return undefined;
  return { clusters: clusters.held, endpoints: endpoints.held };
}

/** Whether the client refuses one of the clusters that it would have in the end: it would stay with what it has on the way. */
function hasRefusedEnd(state: StreamState, { through }: Way, clusters: ResourceTable): boolean {
  const subscription = subscriptionTo(state, TYPE_URL.cluster);
  return through.some(({ name }) => {
    const last = clusters.get(name);
    return subscription !== undefined && last !== undefined && isRejected(subscription, last);
  });
}

/** The state with the view that the client was on its way to, once it has taken what it had to take first. */
export function arrived(state: StreamState, { now }: Moment): StreamState {
  const { passage } = state;
  if (passage === undefined) return state;
  const clusters = subscriptionTo(state, TYPE_URL.cluster);
  const isThere =
    clusters === undefined ||
    now >= passage.until ||
    passage.through.every((cluster) => isTaken(clusters, cluster));
  return isThere ? withView(state, passage.to) : state;
}

/** Whether the client uses nothing but this content under its name, or never will use it. */
function isTaken(clusters: Subscription, cluster: EncodedResource): boolean {
  const { name } = cluster;
  if (!wants(clusters, name) || isRejected(clusters, cluster)) return true;
  const isUnjudged = clusters.flights.some(({ payload }) =>
    payload.changed.some((one) => one.name === name),
  );
  return !isUnjudged && isSameContent(clusters.held.get(name), cluster);
}
