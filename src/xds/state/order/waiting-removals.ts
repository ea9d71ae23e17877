/** Which removals of clusters have to wait, and how long. */
import { rulesOf } from "../../resource-type.js";
import type { Moment } from "../moment.js";
import type { StreamState } from "../stream-state.js";
import type { Subscription } from "../subscription/subscription.js";
import { coldClusters } from "./cold-clusters.js";
import { keptForOlderListeners, usedByOlderVersions } from "./older-versions.js";
import { busyUntil, NOTHING, unjudgedUntil, type Waiting } from "./waiting.js";

/** Of these clusters that are gone from the view, those that the client may still send traffic to. */
export function waitingRemovals(
  state: StreamState,
  clusters: Subscription,
  removed: readonly string[],
  moment: Moment,
): Waiting {
  if (removed.length === 0) return NOTHING;
  // Of a client that came back with others it is not known which it had taken before.
  const cold = clusters.holdsUnknownSet ? NOTHING : coldClusters(state, moment);
  const taken = removed.filter((name) => !cold.names.has(name));
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
