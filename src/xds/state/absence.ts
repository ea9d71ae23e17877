/**
 * What state of the world says of what is not there.
 *
 * It has no word for that. Where a type has a resource which says that there is nothing (TypeRules.nothingOf), that is the
 * answer, but only to a client that waits for one: Envoy, which was sent a cluster, asks for its endpoints, and they are gone.
 * It keeps back the ACK of its clusters until it has an answer, and routes wait for that. To others nothing is said, as for
 * other types, and what they ask for is not remembered as a question.
 */

import type { ResourceTable } from "../resource.js";
import { rulesOf } from "../resource-type.js";
import { awaitedEndpoints } from "./follow-ups.js";
import type { NamePool } from "./name-set.js";
import type { StreamState } from "./stream-state.js";
import {
  contentHeld,
  DOUBTFUL,
  edited,
  isRejected,
  type Subscription,
  UNKNOWN,
} from "./subscription.js";

/** A subscription that asks for nothing in vain: of what is not there, only for what the client waits for. */
export function withoutVain(
  state: StreamState,
  subscription: Subscription,
  table: ResourceTable,
  pool: NamePool,
): Subscription {
  const { style, typeUrl, requested } = subscription;
  if (style !== "partial" || rulesOf(typeUrl).nothingOf === undefined) return subscription;
  const missing = [...requested].filter((name) => !hasAnswer(subscription, table, name));
  if (missing.length === 0) return subscription;
  const awaited = awaitedEndpoints(state);
  const vain = missing.filter((name) => !awaited.has(name) || mayHold(subscription, name));
  return edited(subscription, { requested: pool.edited(requested, [], vain) });
}

function hasAnswer(subscription: Subscription, table: ResourceTable, name: string): boolean {
  const resource = table.get(name);
  if (resource === undefined) return false;
  return !isRejected(subscription, resource) || contentHeld(subscription, name) !== undefined;
}

/** Whether a client may have something under a name that is not known: nothing takes its place. */
function mayHold({ held, accepted }: Subscription, name: string): boolean {
  const entries = [held.get(name), accepted.get(name)];
  return entries.some((entry) => entry === UNKNOWN || entry === DOUBTFUL);
}
