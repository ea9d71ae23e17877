/** Clusters that a client cannot send traffic to yet. */
import { type EncodedResource, type ResourceTable, TYPE_URL } from "../../resource.js";
import type { Moment } from "../moment.js";
import type { Planner } from "../response/plan.js";
import { type StreamState, subscriptionTo } from "../stream-state.js";
import { isRejected, type Subscription } from "../subscription/subscription.js";
import { NOTHING, type Waiting } from "./waiting.js";
import { isNewTo, warmingResources } from "./warming.js";

/** The clusters that the client was not sent yet, or was sent and has not taken, without having had them before. */
export function coldClusters(state: StreamState, { now, pacing, plan }: Moment): Waiting {
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
export function unsentClusters(
  clusters: Subscription,
  table: ResourceTable,
  plan: Planner,
): readonly EncodedResource[] {
  const isCurrent = clusters.held === table && clusters.answersDue.size === 0;
  // Of a set that was refused whole nothing is on its way.
  if (isCurrent || clusters.nackedSet !== undefined) return [];
  return plan(clusters, table).difference.changed.filter((it) => !isRejected(clusters, it));
}
