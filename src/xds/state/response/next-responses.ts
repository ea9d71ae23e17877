/**
 * What to send next on a stream: the step from (state, time) to (state, responses) that both protocols share.
 *
 * Types are gone through in the order in which they must be sent (see resource-type.ts), and each gives at most one
 * response: the difference between what the client holds and what the view has, but for what waits for other types
 * (see make-before-break.ts), what the client has refused, and what is under suspicion (see settle.ts). Whatever is left out
 * stays a difference, so it is found again at the next step; there is no queue, and later changes replace earlier ones.
 *
 * A change waits for the ACK of the response before it, for a moment only (Pacing.ackWaitMs): Envoy keeps back the ACK of
 * a cluster until it is warm. What the client asks for is answered without that wait.
 */

import type { Table } from "../../../base/table/table.js";
import { NOT_MADE, type ResourceTable } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import type { Moment } from "../moment.js";
import { waitingFor } from "../order/make-before-break.js";
import { keptForOlderListeners } from "../order/older-versions.js";
import { NOTHING, type Waiting } from "../order/waiting.js";
import {
  type StreamState,
  subscriptionTo,
  withResponse,
  withSubscription,
} from "../stream-state.js";
import { type Held, isResource, isSameVersion, withEntry } from "../subscription/held.js";
import {
  edited,
  isAnythingDue,
  isAtRest,
  isRejected,
  type Subscription,
} from "../subscription/subscription.js";
import { endTransition } from "../transition/transition.js";
import { nextRetryAt, respelled, withRetries } from "../verdict/retries.js";
import { withoutUnanswerable } from "./absence.js";
import type { Difference } from "./difference.js";
import { type Draft, nextDraft, upToDate } from "./draft.js";
import { followUps } from "./follow-ups.js";
import type { Plan } from "./plan.js";
import type { Response } from "./response.js";
import type { SubscriptionStep } from "./shared-steps.js";

/** What to do now. */
export interface StreamStep {
  readonly state: StreamState;
  /** To be sent in this order. */
  readonly responses: readonly Response[];
  /** The time at which to ask again even if nothing happens; Infinity if that is not needed. */
  readonly wakeAt: number;
}

/** Older responses that are not judged are forgotten, and count as taken. */
const MAX_IN_FLIGHT = 16;

/** See the top of this file. The same state and moment always give the same, but for the time of a response by little. */
export function nextResponses(state: StreamState, moment: Moment): StreamStep {
  const begun = withRetries(endTransition(state, moment), moment);
  const next = soleStep(begun, moment) ?? allSteps(begun, moment);
  const wakeAt = Math.min(next.wakeAt, nextRetryAt(next.state));
  return wakeAt === next.wakeAt ? next : { ...next, wakeAt };
}

function allSteps(state: StreamState, moment: Moment): StreamStep {
  let next: StreamStep = { state, responses: NONE, wakeAt: Infinity };
  for (;;) {
    const round = oneRound(next.state, moment);
    // What was sent may be waited for by a type that was looked at before it, so only an idle round ends the step.
    if (round.responses.length === 0) {
      const wakeAt = Math.min(round.wakeAt, round.state.transition?.until ?? Infinity);
      return { state: round.state, responses: next.responses, wakeAt };
    }
    const isFirst = next.responses.length === 0;
    const responses = isFirst ? round.responses : [...next.responses, ...round.responses];
    next = { state: round.state, responses, wakeAt: round.wakeAt };
  }
}

const NONE: readonly Response[] = [];

function oneRound(before: StreamState, moment: Moment): StreamStep {
  let state = before;
  let responses = NONE;
  let wakeAt = Infinity;
  for (const { typeUrl } of before.subscriptions) {
    const step = nextOfType(state, typeUrl, moment);
    if (step === undefined) continue;
    state = step.state;
    wakeAt = Math.min(wakeAt, step.wakeAt);
    if (step.responses.length > 0) responses = [...responses, ...step.responses];
  }
  return { state, responses, wakeAt };
}

/**
 * The step of a stream on which nothing is open but that one type has changed; undefined if it is not such a stream, or if other
 * types have to do with the step. What it depends on is then the type alone, so that it is made once for all streams which
 * are in the same place: most of what an edit has to say.
 */
function soleStep(state: StreamState, moment: Moment): StreamStep | undefined {
  const sole = soleChange(state, moment);
  if (sole === undefined) return undefined;
  const { subscription: before, table } = sole;
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

/** The one type of which the client does not hold what the view has; undefined if there are others, or anything is open. */
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

/** What a step of one type does to it, if it settles the type, and does nothing to others. */
function stepAlone(
  before: StreamState,
  typeUrl: string,
  moment: Moment,
): SubscriptionStep | undefined {
  const next = nextOfType(before, typeUrl, moment);
  const after = next && subscriptionTo(next.state, typeUrl);
  const table = before.view.get(typeUrl);
  if (next === undefined || after === undefined || table === undefined) return undefined;
  const { state, responses, wakeAt } = next;
  const isAlone =
    wakeAt === Infinity &&
    isSettled(after, table) &&
    responses.every(({ isShared }) => isShared) &&
    state.subscriptions.every((one, i) => one === after || one === before.subscriptions[i]);
  return isAlone ? { subscription: after, responses } : undefined;
}

/** Whether the client holds all of its view and nothing is open: seen without looking into the tables. */
export function isIdle({ view, transition, subscriptions }: StreamState): boolean {
  if (transition !== undefined) return false;
  return subscriptions.every((one) => {
    const table = view.get(one.typeUrl);
    return table === undefined || table === NOT_MADE || isSettled(one, table);
  });
}

/** What one type has to say; undefined when that is nothing. */
function nextOfType(before: StreamState, typeUrl: string, moment: Moment): StreamStep | undefined {
  const subscribed = subscriptionTo(before, typeUrl);
  const table = before.view.get(typeUrl);
  if (subscribed === undefined || table === undefined || table === NOT_MADE) return undefined;
  if (isSettled(subscribed, table) || isFrozen(subscribed, table)) return undefined;
  const known = withoutUnanswerable(before, subscribed, table, moment.names);
  const state = withSubscription(before, known);
  const idle: StreamStep = { state, responses: NONE, wakeAt: Infinity };
  const plan = moment.plan(known, table);
  if (plan.payload === undefined && !known.isResponseDue) {
    const { names, until } = waitingUntold(state, known, plan, moment);
    return {
      ...idle,
      wakeAt: until,
      state: withSubscription(state, caughtUp(known, table, names)),
    };
  }
  const subscription = oneByOne(withCurrentSuspects(known, plan.difference), plan.difference);
  const waiting = waitingFor(state, subscription, moment);
  const attempt = nextDraft(subscription, table, plan, waiting.names);
  if (attempt === undefined) return { ...idle, wakeAt: waiting.until };
  const earliest = earliestAt(subscription, moment);
  if (moment.now < earliest) return { ...idle, wakeAt: Math.min(waiting.until, earliest) };
  return send(state, respelled(attempt, moment), moment);
}

/** Nothing can have changed: seen without looking into the tables. */
function isSettled(subscription: Subscription, table: ResourceTable): boolean {
  return subscription.held === table && !isAnythingDue(subscription);
}

/** The client refused the whole set, and the view has no other yet. */
function isFrozen({ nackedSet }: Subscription, table: ResourceTable): boolean {
  if (nackedSet === undefined) return false;
  const now: Table<Held> = table;
  return now
    .changesFrom(nackedSet)
    .every(({ before, after }) => isResource(after) && isSameVersion(before, after));
}

/** Of what is gone and nothing can be said of, that which the client goes on with. */
function waitingUntold(
  state: StreamState,
  subscription: Subscription,
  { difference }: Plan,
  moment: Moment,
): Waiting {
  if (difference.removed.length === 0) return NOTHING;
  return keptForOlderListeners(state, subscription, moment);
}

/** There is nothing to tell; some names stay as the client holds them. */
function caughtUp(
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

/** Suspects that the view has replaced meanwhile are none any more. */
function withCurrentSuspects(subscription: Subscription, { changed }: Difference): Subscription {
  if (subscription.suspectGroups.length === 0) return subscription;
  const due = changed.filter((resource) => !isRejected(subscription, resource));
  const versions = new Map(due.map(({ name, version }) => [name, version]));
  const suspectGroups = subscription.suspectGroups
    .map((group) => group.filter(({ name, version }) => versions.get(name) === version))
    .filter((group) => group.length > 0);
  return edited(subscription, { suspectGroups });
}

/** Of a type whose resources go one by one, each goes as what is suspected does. */
function oneByOne(subscription: Subscription, { changed }: Difference): Subscription {
  if (changed.length < 2 || rulesOf(subscription.typeUrl).oneByOne !== true) return subscription;
  const known = new Set(subscription.suspectGroups.flat());
  const others = changed.filter((it) => !known.has(it) && !isRejected(subscription, it));
  const suspectGroups = [...subscription.suspectGroups, ...others.map((resource) => [resource])];
  return edited(subscription, { suspectGroups });
}

/** The time before which a change may not follow the response before it. */
function earliestAt({ inFlight, answersDue }: Subscription, { pacing }: Moment): number {
  const last = inFlight.at(-1);
  return last === undefined || answersDue.size > 0 ? 0 : last.sentAt + pacing.ackWaitMs;
}

/**
 * A nonce has to be new on its stream only. So streams that are sent the same payload are sent the same nonce, and what
 * they are sent can be the same bytes; unless a stream was sent this payload, or a later one, before.
 */
function send(state: StreamState, { payload, subscription }: Draft, moment: Moment): StreamStep {
  const { typeUrl, style, inFlight, lastSerial } = subscription;
  const { serial = 0, version } = payload;
  const isShared = serial > lastSerial;
  const counted = withResponse(state);
  const nonce = isShared ? `shared-${serial}` : `${state.id}-${counted.sent}`;
  const sent = { nonce, sentAt: moment.now, payload };
  const after = withSubscription(
    counted,
    edited(subscription, {
      isResponseDue: false,
      nackedSet: undefined,
      inFlight: [...inFlight.slice(1 - MAX_IN_FLIGHT), sent],
      lastSerial: Math.max(serial, lastSerial),
      lastSent: { nonce, version, at: moment.now },
    }),
  );
  return {
    state: followUps(after, typeUrl, payload.changed, moment.names),
    responses: [{ typeUrl, style, nonce, payload, isShared }],
    wakeAt: Infinity,
  };
}
