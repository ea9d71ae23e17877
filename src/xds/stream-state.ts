import type { ResourceView } from "./resource.js";
import { rulesOf } from "./resource-type.js";
import type { Subscription } from "./subscription.js";

/** All that a server remembers of one stream. Immutable. */
export interface StreamState {
  /** Sets the stream's nonces apart from those of other streams. */
  readonly id: string;
  /** What the stream's client should hold now. */
  readonly view: ResourceView;
  /** One for each type that the client asked for and the view has, in the order in which types are sent. */
  readonly subscriptions: readonly Subscription[];
  /** How many responses were sent. */
  readonly sent: number;
}

/** All states are made here, for the reason that subscriptions have: see `edited` in subscription.ts. */
function stateOf(
  id: string,
  view: ResourceView,
  subscriptions: readonly Subscription[],
  sent: number,
): StreamState {
  return { id, view, subscriptions, sent };
}

/** The state of a stream on which nothing was said. */
export function newStream(id: string, view: ResourceView): StreamState {
  return stateOf(id, view, [], 0);
}

/** What the stream knows of a type; undefined if the client did not ask for it. */
export function subscriptionTo(state: StreamState, typeUrl: string): Subscription | undefined {
  return state.subscriptions.find((subscription) => subscription.typeUrl === typeUrl);
}

/** Whether the client has asked for all that it needs to serve, up to the `last` type, and has judged all that it was sent. */
export function hasTakenAll(state: StreamState, last: string): boolean {
  return (
    subscriptionTo(state, last) !== undefined &&
    state.subscriptions.every(
      ({ flights, lastSent, resumedAt }) =>
        flights.length === 0 && (lastSent ?? resumedAt) !== undefined,
    )
  );
}

/** Whether the client has refused a response, and it is not known yet what of it. */
export function isSuspicious({ subscriptions }: StreamState): boolean {
  return subscriptions.some(({ suspects }) => suspects.length > 0);
}

/** The state with one subscription set. */
export function withSubscription(state: StreamState, subscription: Subscription): StreamState {
  const { id, view, subscriptions, sent } = state;
  const index = subscriptions.findIndex(({ typeUrl }) => typeUrl === subscription.typeUrl);
  if (index >= 0) {
    if (subscriptions[index] === subscription) return state;
    return stateOf(id, view, subscriptions.with(index, subscription), sent);
  }
  const rank = ({ typeUrl }: Subscription) => rulesOf(typeUrl).rank;
  const sorted = [...subscriptions, subscription].sort((a, b) => rank(a) - rank(b));
  return stateOf(id, view, sorted, sent);
}

/** The state with another view. */
export function withView(state: StreamState, view: ResourceView): StreamState {
  return state.view === view ? state : stateOf(state.id, view, state.subscriptions, state.sent);
}

/** The state after one more response. */
export function withResponse({ id, view, subscriptions, sent }: StreamState): StreamState {
  return stateOf(id, view, subscriptions, sent + 1);
}
