/**
 * Transitions: a client gets from one view to another by way of an intermediate one.
 *
 * A cluster lists the names (SANs) that its endpoints may show in their certificates. When a service switches to workloads of
 * another identity, its cluster and its endpoints change together. While the new cluster warms, Envoy gives the new endpoints to
 * the old cluster as well, because both get them under one name; and on the incremental protocol the order of the two is not
 * certain. For a moment, calls by the old cluster to new endpoints would fail. So the client is sent an intermediate view first:
 * there the cluster accepts the old names and the new ones, and still has the old endpoints. When the client has accepted that
 * cluster, or at the latest after Pacing.ackWaitMs, it is sent the rest.
 */

import {
  type EncodedResource,
  type ResourceTable,
  type ResourceView,
  TYPE_URL,
} from "../../resource.js";
import type { Moment } from "../moment.js";
import {
  type HeldTables,
  type StreamState,
  subscriptionTo,
  withTransition,
  withView,
} from "../stream-state.js";
import { isSameVersion } from "../subscription/held.js";
import { isRejected, type Subscription, wants } from "../subscription/subscription.js";
import type { IntermediateTables } from "./intermediate-tables.js";

/** A view with other clusters and endpoints. */
class IntermediateView implements ResourceView {
  readonly #to: ResourceView;
  readonly #tables: IntermediateTables;

  constructor(to: ResourceView, tables: IntermediateTables) {
    this.#to = to;
    this.#tables = tables;
  }

  get(typeUrl: string): ResourceTable | undefined {
    switch (typeUrl) {
      case TYPE_URL.cluster:
        return this.#tables.clusters;
      case TYPE_URL.endpoint:
        return this.#tables.endpoints;
      default:
        return this.#to.get(typeUrl);
    }
  }
}

/** The state with a view that the client should hold from now on, or with the intermediate one if it needs one. */
export function transitionTo(state: StreamState, view: ResourceView, moment: Moment): StreamState {
  const { transition } = state;
  if (state.view === view || transition?.to === view) return state;
  const { now, pacing, intermediate } = moment;
  const isUnderWay = transition !== undefined && now < transition.until;
  const held = heldTables(state);
  if (held === undefined) return withView(state, view);
  const from = isUnderWay ? intermediate.amid(transition, held) : held;
  const [clusters, endpoints] = [view.get(TYPE_URL.cluster), view.get(TYPE_URL.endpoint)];
  if (clusters === undefined || endpoints === undefined) return withView(state, view);
  const tables = intermediate.between(from, { clusters, endpoints });
  if (tables === undefined || hasRefusedEnd(state, tables, clusters)) return withView(state, view);
  const { acceptingBoth } = tables;
  const until = isUnderWay ? transition.until : now + pacing.ackWaitMs;
  const next = withTransition(state, new IntermediateView(view, tables), {
    from,
    to: view,
    acceptingBoth,
    until,
  });
  return endTransition(next, moment);
}

/** The clusters and endpoints that the client holds; undefined where their order is certain, so that no transition is needed. */
function heldTables(state: StreamState): HeldTables | undefined {
  const clusters = subscriptionTo(state, TYPE_URL.cluster);
  const endpoints = subscriptionTo(state, TYPE_URL.endpoint);
  if (clusters?.style !== "delta" || endpoints === undefined) return undefined;
  return { clusters: clusters.held, endpoints: endpoints.held };
}

/** Whether the client refuses one of the clusters that it should hold in the end: then it would stay in the intermediate view. */
function hasRefusedEnd(
  state: StreamState,
  { acceptingBoth }: IntermediateTables,
  clusters: ResourceTable,
): boolean {
  const subscription = subscriptionTo(state, TYPE_URL.cluster);
  return acceptingBoth.some(({ name }) => {
    const last = clusters.get(name);
    return subscription !== undefined && last !== undefined && isRejected(subscription, last);
  });
}

/** The state with the view that the transition leads to, once the client has accepted the intermediate clusters. */
export function endTransition(state: StreamState, { now }: Moment): StreamState {
  const { transition } = state;
  if (transition === undefined) return state;
  const clusters = subscriptionTo(state, TYPE_URL.cluster);
  const isOver =
    clusters === undefined ||
    now >= transition.until ||
    transition.acceptingBoth.every((cluster) => isTaken(clusters, cluster));
  return isOver ? withView(state, transition.to) : state;
}

/** Whether the client uses just this version of a cluster, or never will. */
function isTaken(clusters: Subscription, cluster: EncodedResource): boolean {
  const { name } = cluster;
  if (!wants(clusters, name) || isRejected(clusters, cluster)) return true;
  const isUnjudged = clusters.inFlight.some(({ payload }) =>
    payload.changed.some((one) => one.name === name),
  );
  return !isUnjudged && isSameVersion(clusters.held.get(name), cluster);
}
