/**
 * How the state-of-the-world protocol says that a resource does not exist.
 *
 * It has no message for that. Some types have a resource that means "nothing" (TypeRules.nothingOf), which is then the answer, but
 * only to a client that waits for one. Envoy, when it was sent a cluster, asks for its endpoints, which may be gone by then; it
 * keeps back the ACK of its clusters until it has an answer, and routes wait for that ACK. Any other client gets no answer, and
 * its question is not remembered.
 */

import type { ResourceTable } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import { endpointsToWarm } from "../order/endpoints-of-clusters.js";
import type { StreamState } from "../stream-state.js";
import { MAYBE_HELD, UNKNOWN_VERSION } from "../subscription/held.js";
import type { NamePool } from "../subscription/name-pool.js";
import {
  edited,
  isRejected,
  lastGoodVersion,
  type Subscription,
} from "../subscription/subscription.js";

/** The subscription without answers due for names that do not exist, unless the client waits for an answer. */
export function withoutUnanswerable(
  state: StreamState,
  subscription: Subscription,
  table: ResourceTable,
  pool: NamePool,
): Subscription {
  const { style, typeUrl, answersDue } = subscription;
  if (style !== "partial" || rulesOf(typeUrl).nothingOf === undefined) return subscription;
  const absent = [...answersDue].filter((name) => !hasAnswer(subscription, table, name));
  if (absent.length === 0) return subscription;
  const awaited = endpointsToWarm(state);
  // Of a cluster that stays, what is withheld is all that a client can be told which has nothing of it.
  const isAwaited = (name: string): boolean => awaited.has(name) || table.has(name);
  const unanswerable = absent.filter((name) => !isAwaited(name) || mayHold(subscription, name));
  return edited(subscription, { answersDue: pool.edited(answersDue, [], unanswerable) });
}

function hasAnswer(subscription: Subscription, table: ResourceTable, name: string): boolean {
  const resource = table.get(name);
  if (resource === undefined) return false;
  return !isRejected(subscription, resource) || lastGoodVersion(subscription, name) !== undefined;
}

/** Whether a client may have something under a name that is not known: nothing takes its place. */
function mayHold({ held, accepted }: Subscription, name: string): boolean {
  const entries = [held.get(name), accepted.get(name)];
  return entries.some((entry) => entry === UNKNOWN_VERSION || entry === MAYBE_HELD);
}
