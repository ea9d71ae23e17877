/** Which changes and removals of endpoints have to wait for their clusters, and how long. */
import { type ResourceTable, TYPE_URL } from "../../resource.js";
import type { Moment } from "../moment.js";
import type { Changes } from "../response/difference.js";
import { type StreamState, subscriptionTo } from "../stream-state.js";
import type { Subscription } from "../subscription/subscription.js";
import { unsentClusters } from "./cold-clusters.js";
import { NOTHING, unjudgedUntil, type Waiting } from "./waiting.js";
import { isNewTo } from "./warming.js";

/** Of these changes and removals of endpoints, those that have to wait. */
export function waitingEndpoints(
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
  const gone = waitingForRemovals(clusters, table, removed, moment);
  return early.length === 0 ? gone : { ...gone, names: new Set([...gone.names, ...early]) };
}

function waitingForRemovals(
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
