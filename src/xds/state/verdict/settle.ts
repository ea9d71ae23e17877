/**
 * What a client's verdict on a response, an ACK or a NACK, changes in its subscription.
 *
 * A response is judged by its nonce; what was sent before it is settled with it, since a client judges in order and some
 * leave judgements out. An ACK makes what was sent what is accepted. What a NACK does is in nack.ts.
 *
 * By state of the world Envoy, as long as a cluster is not warm, keeps its judgements of clusters back, and then says but one:
 * the newest nonce, the version that it accepted last, and the newest error, which may be about a set before. So a set of
 * which a NACK says the version was accepted, and what was sent between that one and the refused one was refused too.
 */
import { Table } from "../../../base/table/table.js";
import type { JudgedAt } from "../moment.js";
import type { Payload, SentResponse } from "../response/response.js";
import type { Held } from "../subscription/held.js";
import { withoutTaken } from "../subscription/rejections.js";
import { edited, NOTHING_IN_FLIGHT, type Subscription } from "../subscription/subscription.js";
import { nacked } from "./nack.js";

/** An ACK, or a NACK if there is an error. */
export interface Verdict {
  readonly nonce: string;
  /** The client's words. */
  readonly error?: string | undefined;
  /** By state of the world: of what the client accepted last. */
  readonly version?: string;
}

/** The response that a nonce belongs to, if it is not judged yet. */
export function findInFlight({ inFlight }: Subscription, nonce: string): SentResponse | undefined {
  return inFlight.find((sent) => sent.nonce === nonce);
}

/** A subscription after a verdict; the same object if the nonce is stale. */
export function settle(
  subscription: Subscription,
  verdict: Verdict,
  moment: JudgedAt,
): Subscription {
  const index = subscription.inFlight.findIndex(({ nonce }) => nonce === verdict.nonce);
  const sent = subscription.inFlight[index];
  if (sent === undefined) return subscription;
  const { error } = verdict;
  const taken = error === undefined ? index + 1 : takenBefore(subscription, index, verdict);
  const isLast = index + 1 === subscription.inFlight.length;
  const inFlight = isLast ? NOTHING_IN_FLIGHT : subscription.inFlight.slice(index + 1);
  const accepted = taken === 0 ? subscription.accepted : acceptedAfter(subscription, taken);
  if (taken > index) {
    const { nonce, payload } = sent;
    const lastAcked = { nonce, version: payload.version, at: moment.now };
    const acked = subscription.inFlight.slice(0, taken).map((one) => one.payload.changed);
    return edited(subscription, {
      accepted,
      inFlight,
      rejections: withoutTaken(subscription.rejections, acked),
      holdsUnknownSet: false,
      mayHoldNackedParts: false,
      lastAcked,
    });
  }
  // Of what was refused in between the client may have taken some.
  const mayHoldNackedParts = subscription.mayHoldNackedParts || taken < index;
  const settled = edited(subscription, { accepted, inFlight, mayHoldNackedParts });
  return nacked(settled, sent, error ?? "", moment);
}

/** How many responses in flight a client has taken that refuses the one at an index, or one before. */
function takenBefore(
  { style, inFlight }: Subscription,
  index: number,
  { version }: Verdict,
): number {
  if (style !== "complete" || version === undefined) return index;
  return (
    inFlight.slice(0, index + 1).findLastIndex(({ payload }) => payload.version === version) + 1
  );
}

/** What the client has taken when it has taken the first so many responses in flight, of at least one. */
function acceptedAfter(subscription: Subscription, count: number): Table<Held> {
  const { inFlight, held } = subscription;
  // With nothing else under way, it is what is held: the shared table itself.
  if (count === inFlight.length) return held;
  return inFlight
    .slice(0, count)
    .reduce((table, { payload }) => applied(subscription, table, payload), subscription.accepted);
}

/** What a client holds that held a table and takes a response. */
function applied({ style }: Subscription, table: Table<Held>, payload: Payload): Table<Held> {
  if (style === "complete") {
    return Table.from(payload.resources.map((resource) => [resource.name, resource]));
  }
  let result = table;
  for (const resource of payload.changed) result = result.with(resource.name, resource);
  for (const name of payload.removed) result = result.without(name);
  return result;
}
