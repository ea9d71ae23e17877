/**
 * The step of one type on a stream, to which it gives at most one response.
 *
 * A change waits for the ACK of the response before it, for a moment only (Pacing.ackWaitMs): Envoy keeps back the ACK of
 * a cluster until it is warm. What the client asks for is answered without that wait.
 */
import type { Table } from "../../../base/table/table.js";
import { NOT_MADE, type ResourceTable } from "../../resource.js";
import type { Moment } from "../moment.js";
import { waitingFor } from "../order/make-before-break.js";
import { keptForOlderListeners } from "../order/older-versions.js";
import { NOTHING, type Waiting } from "../order/waiting.js";
import { type StreamState, subscriptionTo, withSubscription } from "../stream-state.js";
import { type Held, isResource, isSameVersion, withEntry } from "../subscription/held.js";
import { edited, isUpToDate, type Subscription } from "../subscription/subscription.js";
import { withoutUnanswerable } from "./absence.js";
import { upToDate } from "./after-draft.js";
import { nextDraft } from "./draft.js";
import type { Plan } from "./plan.js";
import { respelled } from "./respelled.js";
import { send } from "./send.js";
import { NO_RESPONSES, type StreamStep } from "./stream-step.js";
import { withSuspectGroups } from "./suspect-groups.js";

/** What one type has to say; undefined when that is nothing. */
export function stepOfType(
  before: StreamState,
  typeUrl: string,
  moment: Moment,
): StreamStep | undefined {
  const subscribed = subscriptionTo(before, typeUrl);
  const table = before.view.get(typeUrl);
  if (subscribed === undefined || table === undefined || table === NOT_MADE) return undefined;
  if (isUpToDate(subscribed, table) || hasNackedAllOf(subscribed, table)) return undefined;
  const known = withoutUnanswerable(before, subscribed, table, moment.names);
  const state = withSubscription(before, known);
  const plan = moment.plan(known, table);
  if (plan.payload === undefined && !known.isResponseDue) {
    const kept = keptUntold(state, known, plan, moment);
    const after = withNothingToTell(known, table, kept.names);
    return silent(withSubscription(state, after), kept.until);
  }
  const subscription = withSuspectGroups(known, plan.difference);
  const waiting = waitingFor(state, subscription, moment);
  const draft = nextDraft(subscription, table, plan, waiting.names);
  if (draft === undefined) return silent(state, waiting.until);
  const earliest = earliestAt(subscription, moment);
  if (moment.now < earliest) return silent(state, Math.min(waiting.until, earliest));
  return send(state, respelled(draft, moment), moment);
}

function silent(state: StreamState, wakeAt: number): StreamStep {
  return { state, responses: NO_RESPONSES, wakeAt };
}

/** Whether the client refused the whole set of a table. */
function hasNackedAllOf({ nackedSet }: Subscription, table: ResourceTable): boolean {
  if (nackedSet === undefined) return false;
  const now: Table<Held> = table;
  return now
    .changesFrom(nackedSet)
    .every(({ before, after }) => isResource(after) && isSameVersion(before, after));
}

/** Of what is gone and nothing can be said of, that which the client goes on with. */
function keptUntold(
  state: StreamState,
  subscription: Subscription,
  { difference }: Plan,
  moment: Moment,
): Waiting {
  if (difference.removed.length === 0) return NOTHING;
  return keptForOlderListeners(state, subscription, moment);
}

/** The subscription when nothing can be told of a table; some names stay as the client holds them. */
function withNothingToTell(
  subscription: Subscription,
  table: ResourceTable,
  kept: ReadonlySet<string>,
): Subscription {
  const { inFlight, accepted } = subscription;
  const current = upToDate(subscription, table);
  let { held } = current;
  for (const name of kept) held = withEntry(held, name, subscription.held.get(name));
  return edited(current, { held, accepted: inFlight.length === 0 ? held : accepted });
}

/** The time before which a change may not follow the response before it. */
function earliestAt({ inFlight, answersDue }: Subscription, { pacing }: Moment): number {
  const last = inFlight.at(-1);
  return last === undefined || answersDue.size > 0 ? 0 : last.sentAt + pacing.ackWaitMs;
}
