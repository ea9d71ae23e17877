/**
 * What to send next on a stream: the step from (state, time) to (state, responses) that both protocols share.
 *
 * Types are gone through in the order in which they must be sent (see resource-type.ts), and each gives at most one
 * response (see type-step.ts): the difference between what the client holds and what the view has, but for what waits for other
 * types (see make-before-break.ts), what the client has refused, and what is under suspicion (see nack.ts). Whatever is left out
 * stays a difference, so it is found again at the next step; there is no queue, and later changes replace earlier ones.
 */
import { NOT_MADE } from "../../resource.js";
import type { Moment } from "../moment.js";
import type { StreamState } from "../stream-state.js";
import { isUpToDate } from "../subscription/subscription.js";
import { endTransition } from "../transition/transition.js";
import { nextRetryAt, withRetries } from "../verdict/retries.js";
import { sharedStep } from "./shared-step.js";
import { NO_RESPONSES, type StreamStep } from "./stream-step.js";
import { stepOfType } from "./type-step.js";

/** See the top of this file. The same state and moment always give the same, but for the time of a response by little. */
export function nextResponses(before: StreamState, moment: Moment): StreamStep {
  const state = withRetries(endTransition(before, moment), moment);
  const step = sharedStep(state, moment) ?? allRounds(state, moment);
  const wakeAt = Math.min(step.wakeAt, nextRetryAt(step.state));
  return wakeAt === step.wakeAt ? step : { ...step, wakeAt };
}

/** Whether the client holds all of its view and nothing is due: seen without looking into the tables. */
export function isIdle({ view, transition, subscriptions }: StreamState): boolean {
  if (transition !== undefined) return false;
  return subscriptions.every((subscription) => {
    const table = view.get(subscription.typeUrl);
    return table === undefined || table === NOT_MADE || isUpToDate(subscription, table);
  });
}

/** What was sent may be waited for by a type that was looked at before it, so only a round without responses is the last. */
function allRounds(before: StreamState, moment: Moment): StreamStep {
  let state = before;
  let responses = NO_RESPONSES;
  for (;;) {
    const round = oneRound(state, moment);
    state = round.state;
    if (round.responses.length === 0) {
      const wakeAt = Math.min(round.wakeAt, state.transition?.until ?? Infinity);
      return { state, responses, wakeAt };
    }
    responses = joined(responses, round.responses);
  }
}

/** The steps of all types, each once. */
function oneRound(before: StreamState, moment: Moment): StreamStep {
  let state = before;
  let responses = NO_RESPONSES;
  let wakeAt = Infinity;
  for (const { typeUrl } of before.subscriptions) {
    const step = stepOfType(state, typeUrl, moment);
    if (step === undefined) continue;
    state = step.state;
    responses = joined(responses, step.responses);
    wakeAt = Math.min(wakeAt, step.wakeAt);
  }
  return { state, responses, wakeAt };
}

type Responses = StreamStep["responses"];

function joined(first: Responses, second: Responses): Responses {
  if (first.length === 0) return second;
  return second.length === 0 ? first : [...first, ...second];
}
