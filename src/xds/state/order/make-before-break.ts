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
 * - A cluster that may be wrong in how it uses secrets (EncodedResource.afterOthers) waits, of a client that starts, until that asks
 *   for listeners, which Envoy does when its other clusters are warm, so that it has the secrets. Without them it takes any cluster,
 *   and refuses the secrets because of it: it goes without them then in all clusters that came behind that one.
 * - A change of endpoints waits for that of their cluster, if that could not be sent yet: the cluster may be changed for them,
 *   as when a Service goes over to workloads of another identity, which the cluster of before would not let pass.
 * - The removal of endpoints waits for that of their clusters, since Envoy mostly gives them up itself then.
 *
 * The waits for the client end with the time of the response that they wait for (Pacing.warmWaitMs). Nothing else waits.
 */

import { type ResourceTable, TYPE_URL } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import type { Moment } from "../moment.js";
import type { Difference } from "../response/difference.js";
import type { StreamState } from "../stream-state.js";
import type { Subscription } from "../subscription/subscription.js";
import { coldClusters } from "./cold-clusters.js";
import { keptForOlderListeners } from "./older-versions.js";
import { withSuccession } from "./succession.js";
import { both, NOTHING, type Waiting } from "./waiting.js";
import { waitingAdditions } from "./waiting-additions.js";
import { waitingEndpoints } from "./waiting-endpoints.js";
import { waitingRemovals } from "./waiting-removals.js";

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
      waitingChanges(state, subscription, { table, difference }, moment),
      removed.length === 0 ? NOTHING : keptForOlderListeners(state, subscription, moment),
    );
  }
  // What the client asks for and is not there is answered at once: it may wait for that.
  const gone = removed.filter((name) => !subscription.answersDue.has(name));
  switch (subscription.typeUrl) {
    case TYPE_URL.cluster:
      return both(
        waitingAdditions(state, subscription, changed, moment),
        waitingRemovals(state, subscription, gone, moment),
      );
    case TYPE_URL.endpoint:
      return waitingEndpoints(state, { changed, removed: gone }, moment);
    default:
      return NOTHING;
  }
}

/** A view's table of a type, and what a client has to be told of it. */
interface Due {
  readonly table: ResourceTable;
  readonly difference: Difference;
}

/** Of what uses clusters, the changes that wait for some that are new, and what has to be told with them. */
function waitingChanges(
  state: StreamState,
  subscription: Subscription,
  { table, difference }: Due,
  moment: Moment,
): Waiting {
  const { changed } = difference;
  const { names, until } = changed.length === 0 ? NOTHING : coldClusters(state, moment);
  if (names.size === 0) return NOTHING;
  const waiting = changed
    .filter(({ clusters = [] }) => clusters.some((cluster) => names.has(cluster)))
    .map(({ name }) => name);
  return { names: withSuccession(subscription, table, difference, new Set(waiting)), until };
}
