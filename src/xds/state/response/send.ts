/**
 * Makes a response of a draft: gives it its nonce, and notes that it is in flight.
 *
 * A nonce has to be new on its stream only. So streams that are sent the same payload are sent the same nonce, and what
 * they are sent can be the same bytes; unless a stream was sent this payload, or a later one, before.
 */
import type { Moment } from "../moment.js";
import { type StreamState, withResponse, withSubscription } from "../stream-state.js";
import { edited } from "../subscription/subscription.js";
import type { Draft } from "./draft.js";
import { followUps } from "./follow-ups.js";
import type { StreamStep } from "./stream-step.js";

/** Older responses that are not judged are forgotten, and count as taken. */
const MAX_IN_FLIGHT = 16;

/** The step that sends a draft. */
export function send(
  state: StreamState,
  { payload, subscription }: Draft,
  moment: Moment,
): StreamStep {
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
