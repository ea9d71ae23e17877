/**
 * The step of a stream which is at rest but that one type has changed. What it depends on is that type alone, so that it is made
 * once for all streams that are in the same place (see shared-steps.ts): most of what an edit has to say.
 */
import { NOT_MADE, type ResourceTable } from "../../resource.js";
import type { Moment } from "../moment.js";
import {
  type StreamState,
  subscriptionTo,
  withResponse,
  withSubscription,
} from "../stream-state.js";
import { isAtRest, isUpToDate, type Subscription } from "../subscription/subscription.js";
import type { SubscriptionStep } from "./shared-steps.js";
import type { StreamStep } from "./stream-step.js";
import { stepOfType } from "./type-step.js";

/** See the top of this file. Undefined if it is not such a stream, or if other types have to do with the step. */
export function sharedStep(state: StreamState, moment: Moment): StreamStep | undefined {
  const change = soleChange(state, moment);
  if (change === undefined) return undefined;
  const { subscription: before, table } = change;
  const step = moment.steps.next(before, table, moment.now, () =>
    stepAlone(state, before.typeUrl, moment),
  );
  if (step === undefined) return undefined;
  const { subscription, responses } = step;
  const counted = responses.reduce(withResponse, state);
  return { state: withSubscription(counted, subscription), responses, wakeAt: Infinity };
}

/** A type of which a client does not hold what the view has. */
interface Change {
  readonly subscription: Subscription;
  readonly table: ResourceTable;
}

/** The one type of which the client does not hold what the view has; undefined if there are others, or one is not at rest. */
function soleChange(
  { subscriptions, view, transition }: StreamState,
  { now, pacing }: Moment,
): Change | undefined {
  if (transition !== undefined) return undefined;
  let sole: Change | undefined;
  for (const subscription of subscriptions) {
    const { resumedAt = -Infinity } = subscription;
    if (!isAtRest(subscription) || now < resumedAt + pacing.resumeWaitMs) return undefined;
    const table = view.get(subscription.typeUrl);
    if (table === undefined || table === NOT_MADE || subscription.held === table) continue;
    if (sole !== undefined) return undefined;
    sole = { subscription, table };
  }
  return sole;
}

/** What a step of one type does to it, if it leaves nothing to do, and does nothing to others. */
function stepAlone(
  before: StreamState,
  typeUrl: string,
  moment: Moment,
): SubscriptionStep | undefined {
  const step = stepOfType(before, typeUrl, moment);
  const after = step && subscriptionTo(step.state, typeUrl);
  const table = before.view.get(typeUrl);
  if (step === undefined || after === undefined || table === undefined) return undefined;
  const { state, responses, wakeAt } = step;
  const isAlone =
    wakeAt === Infinity &&
    isUpToDate(after, table) &&
    responses.every(({ isShared }) => isShared) &&
    state.subscriptions.every((one, i) => one === after || one === before.subscriptions[i]);
  return isAlone ? { subscription: after, responses } : undefined;
}
