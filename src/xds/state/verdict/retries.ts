/**
 * What a client refused for the sake of files, and is offered anew.
 *
 * A resource may name files of the client's machine. Whether it is taken depends on what is in them, which may come later
 * without anything being changed here, and nobody tells. So it is sent again from time to time, by itself, as long as the view has
 * it: the client goes on with what it has, as it does whenever it refuses something. What else is refused is not sent again.
 */

import type { EncodedResource } from "../../resource.js";
import type { Moment } from "../moment.js";
import { type StreamState, withSubscription } from "../stream-state.js";
import { type Rejection, rejectionOf, withRejection } from "../subscription/rejections.js";
import { edited, type Subscription, wants } from "../subscription/subscription.js";

/** This share of each wait differs from stream to stream, so that those that refused together do not retry together for ever. */
const OWN_SHARE = 0.2;

/** The state in which all that may be tried again by now is about to be. */
export function withRetries(state: StreamState, { now }: Moment): StreamState {
  if (hasRejectedNothing(state)) return state;
  return state.subscriptions.reduce((before, subscription) => {
    const due = retriesOf(state, subscription).filter(({ at }) => at <= now);
    return due.length === 0 ? before : withSubscription(before, withRetried(subscription, due));
  }, state);
}

/** When something may be tried again; Infinity if there is nothing. */
export function nextRetryAt(state: StreamState): number {
  if (hasRejectedNothing(state)) return Infinity;
  const all = state.subscriptions.flatMap((subscription) => retriesOf(state, subscription));
  return all.reduce((earliest, { at }) => Math.min(earliest, at), Infinity);
}

const hasRejectedNothing = ({ subscriptions }: StreamState): boolean =>
  subscriptions.every(({ rejections }) => rejections.size === 0);

/** Something that may be taken another time. */
interface Retry {
  readonly resource: EncodedResource;
  readonly rejection: Rejection;
  /** Milliseconds of the clock. */
  readonly at: number;
}

function retriesOf(state: StreamState, subscription: Subscription): readonly Retry[] {
  const table = state.view.get(subscription.typeUrl);
  return [...subscription.rejections.keys()].flatMap((name): readonly Retry[] => {
    const resource = table?.get(name);
    if (resource === undefined || !wants(subscription, name)) return [];
    const rejection = rejectionOf(subscription.rejections, resource);
    const { retryMs, isRetried } = rejection ?? {};
    if (rejection === undefined || retryMs === undefined || isRetried === true) return [];
    const at = Math.ceil(rejection.at + retryMs * (1 + OWN_SHARE * shareOf(state.id)));
    return [{ resource, rejection, at }];
  });
}

/** Multiples of this, without their whole part, spread numbers that follow each other evenly between 0 and 1. */
const GOLDEN_RATIO = 0.618_033_988;

/** From 0 to 1, the same for the same stream. */
function shareOf(id: string): number {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (hash * 31 + id.charCodeAt(i)) % 65_521;
  return (hash * GOLDEN_RATIO) % 1;
}

/** Each is sent by itself, as what is suspected. */
function withRetried(subscription: Subscription, due: readonly Retry[]): Subscription {
  const rejections = due.reduce(
    (before, { resource, rejection }) =>
      withRejection(before, resource.name, { ...rejection, isRetried: true }),
    subscription.rejections,
  );
  const suspectGroups = [...subscription.suspectGroups, ...due.map(({ resource }) => [resource])];
  return edited(subscription, { rejections, suspectGroups });
}
