/**
 * Make before break: what has to wait for what.
 *
 * - A listener, route configuration or virtual host waits for those of its clusters (EncodedResource.clusters) that are
 *   new to the client, until the response that brought them is ACKed, which Envoy does when they are warm.
 * - The removal of a route configuration, and of its virtual hosts, waits until the listeners are up to date and ACKed, and
 *   as long as the client stays with an older listener (see older-versions.ts).
 * - The removal of a cluster waits until all that may send traffic to it is up to date and ACKed, and as long as the
 *   client stays with older content that uses it. Right after a client came back it has not said yet what it holds.
 *   A cluster that the client has not taken yet is used by nothing, and goes at once: it may never become warm.
 * - A change of endpoints waits for that of their cluster, if that could not be sent yet: the cluster may be changed for them,
 *   as when a Service goes over to workloads of another identity, which the cluster of before would not let pass.
 * - The removal of endpoints waits for that of their clusters, since Envoy mostly gives them up itself then.
 *
 * The waits for the client end with the time of the response that they wait for (Pacing.warmWaitMs). Nothing else waits.
 */

import { type EncodedResource, type ResourceTable, TYPE_URL } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import type { Moment } from "../moment.js";
import type { Changes, Difference } from "../response/difference.js";
import type { Planner } from "../response/plan.js";
import { type StreamState, subscriptionTo } from "../stream-state.js";
import { isResource } from "../subscription/held.js";
import { isRejected, type Subscription } from "../subscription/subscription.js";
import { keptForOlderListeners, usedByOlderVersions } from "./older-versions.js";
import { both, busyUntil, NOTHING, unjudgedUntil, type Waiting } from "./waiting.js";
import { isNewTo, warmingResources } from "./warming.js";

/** Of the names that a plan for this subscription would tell, those that have to wait for other types. */
export function waitingFor(
  state: StreamState,
  subscription: Subscription,
  moment: Moment,
): Waiting {
  const table = state.view.get(subscription.typeUrl);
  if (table === undefined) return NOTHING;
  const { difference } = moment.plan(subscription, table);
  const { changed, removed } = difference;
  if (rulesOf(subscription.typeUrl).usesClusters) {
    return both(
      waitingChanges(state, subscription, table, moment),
      removed.length === 0 ? NOTHING : keptForOlderListeners(state, subscription, moment),
    );
  }
  // What the client asks for and is not there is answered at once: it may wait for that.
  const gone = removed.filter((name) => !subscription.answersDue.has(name));
  switch (subscription.typeUrl) {
    case TYPE_URL.cluster:
      return waitingRemovals(state, subscription, gone, moment);
    case TYPE_URL.endpoint:
      return waitingEndpoints(state, { changed, removed: gone }, moment);
    default:
      return NOTHING;
  }
}

/** Of what uses clusters, the changes that wait for some that are new, and what has to be told with them. */
function waitingChanges(
  state: StreamState,
  subscription: Subscription,
  table: ResourceTable,
  moment: Moment,
): Waiting {
  const { difference } = moment.plan(subscription, table);
  const { changed } = difference;
  const { names, until } = changed.length === 0 ? NOTHING : coldClusters(state, moment);
  if (names.size === 0) return NOTHING;
  const waiting = changed
    .filter(({ clusters = [] }) => clusters.some((cluster) => names.has(cluster)))
    .map(({ name }) => name);
  return { names: withSuccession(subscription, table, difference, new Set(waiting)), until };
}

/** These names, and those of the resources that take over from them or give to them what only one may have. */
function withSuccession(
  { held }: Subscription,
  table: ResourceTable,
  { changed, removed }: Difference,
  waiting: ReadonlySet<string>,
): ReadonlySet<string> {
  if (waiting.size === 0) return waiting;
  const keysOf = (name: string): readonly string[] => {
    const before = held.get(name);
    const old = isResource(before) ? (before.exclusive ?? []) : [];
    return [...old, ...(table.get(name)?.exclusive ?? [])];
  };
  const others = new Map(
    [...changed.map(({ name }) => name), ...removed].map((name) => [name, keysOf(name)]),
  );
  const result = new Set<string>();
  const taken = new Set<string>();
  for (let found: readonly string[] = [...waiting]; found.length > 0; ) {
    for (const name of found) {
      result.add(name);
      for (const key of keysOf(name)) taken.add(key);
      others.delete(name);
    }
    found = [...others].flatMap(([name, keys]) => (keys.some((key) => taken.has(key)) ? name : []));
  }
  return result;
}

/** The clusters that the client was not sent yet, or was sent and has not taken, without having had them before. */
function coldClusters(state: StreamState, { now, pacing, plan }: Moment): Waiting {
  const clusters = subscriptionTo(state, TYPE_URL.cluster);
  const table = state.view.get(TYPE_URL.cluster);
  if (clusters === undefined || table === undefined) return NOTHING;
  const names = new Set<string>();
  let until = Infinity;
  for (const { resource, sentAt } of warmingResources(clusters)) {
    if (now >= sentAt + pacing.warmWaitMs) continue;
    until = Math.min(until, sentAt + pacing.warmWaitMs);
    names.add(resource.name);
  }
  for (const { name } of unsentClusters(clusters, table, plan)) {
    if (isNewTo(clusters, name)) names.add(name);
  }
  for (const name of refusedAmidTransition(state, clusters)) {
    if (isNewTo(clusters, name)) names.add(name);
  }
  return { names, until };
}

/** The clusters whose version in between was refused, so that the one that they should have in the end is still to be tried. */
function refusedAmidTransition(
  { transition }: StreamState,
  clusters: Subscription,
): readonly string[] {
  if (transition === undefined) return [];
  const last = transition.to.get(TYPE_URL.cluster);
  return transition.acceptingBoth
    .filter((one) => isRejected(clusters, one))
    .map(({ name }) => name)
    .filter((name) => {
      const end = last?.get(name);
      return end !== undefined && !isRejected(clusters, end);
    });
}

/** The clusters that the client is still to be sent, new ones and changed ones. */
function unsentClusters(
  clusters: Subscription,
  table: ResourceTable,
  plan: Planner,
): readonly EncodedResource[] {
  const isCurrent = clusters.held === table && clusters.answersDue.size === 0;
  // Of a set that was refused whole nothing is on its way.
  if (isCurrent || clusters.nackedSet !== undefined) return [];
  return plan(clusters, table).difference.changed.filter((it) => !isRejected(clusters, it));
}

function waitingRemovals(
  state: StreamState,
  clusters: Subscription,
  removed: readonly string[],
  moment: Moment,
): Waiting {
  if (removed.length === 0) return NOTHING;
  // Of a client that came back with others it is not known which it had taken before.
  const unready = clusters.holdsUnknownSet ? NOTHING : coldClusters(state, moment);
  const taken = removed.filter((name) => !unready.names.has(name));
  if (taken.length === 0) return NOTHING;
  const resumed =
    clusters.resumedAt === undefined ? 0 : clusters.resumedAt + moment.pacing.resumeWaitMs;
  const users = usersBusyUntil(state, moment);
  // To such a client no set can be sent in which one stays, so its routes would wait for the clusters that wait for them.
  const longest = clusters.holdsUnknownSet ? unjudgedUntil(clusters, moment) : Infinity;
  const until = Math.max(moment.now < resumed ? resumed : 0, Math.min(users, longest));
  if (until > 0) return { names: new Set(taken), until };
  const isUsed = usedByOlderVersions(state, moment);
  return { names: new Set(taken.filter(isUsed)), until: Infinity };
}

/** When the types that use clusters are done at the latest; 0 when they are done, Infinity when an event will tell. */
function usersBusyUntil(state: StreamState, moment: Moment): number {
  let until = 0;
  for (const user of state.subscriptions) {
    const table = state.view.get(user.typeUrl);
    if (table === undefined || !rulesOf(user.typeUrl).usesClusters) continue;
    const { names } = keptForOlderListeners(state, user, moment);
    until = Math.max(until, busyUntil(user, table, names, moment));
  }
  return until;
}

function waitingEndpoints(
  state: StreamState,
  { changed, removed }: Changes,
  moment: Moment,
): Waiting {
  const clusters = subscriptionTo(state, TYPE_URL.cluster);
  const table = state.view.get(TYPE_URL.cluster);
  if (clusters === undefined || table === undefined) return NOTHING;
  // One that the client has not taken yet may need them for that, and calls do not go by it.
  const replaced = unsentClusters(clusters, table, moment.plan).filter(
    ({ name }) => !isNewTo(clusters, name),
  );
  const theirs = new Set(replaced.map(({ endpoints }) => endpoints));
  const early = changed.map(({ name }) => name).filter((name) => theirs.has(name));
  const gone = waitingRemovalsOfEndpoints(clusters, table, removed, moment);
  return early.length === 0 ? gone : { ...gone, names: new Set([...gone.names, ...early]) };
}

function waitingRemovalsOfEndpoints(
  clusters: Subscription,
  table: ResourceTable,
  removed: readonly string[],
  moment: Moment,
): Waiting {
  if (removed.length === 0) return NOTHING;
  const until =
    moment.plan(clusters, table).difference.removed.length > 0
      ? Infinity
      : unjudgedUntil(clusters, moment);
  return until === 0 ? NOTHING : { names: new Set(removed), until };
}
