/** All that the server knows of one stream, as a value: each request, response and view makes another one of it. */

import type { Table } from "../../base/table/table.js";
import type { EncodedResource, ResourceView } from "../resource.js";
import { rulesOf } from "../resource-type.js";
import type { Held } from "./subscription/held.js";
import type { Subscription } from "./subscription/subscription.js";

/** What a client holds of clusters and their endpoints. */
export interface HeldTables {
  readonly clusters: Table<Held>;
  readonly endpoints: Table<Held>;
}

/** A client gets from one view to another by way of an intermediate one; see transition.ts. */
export interface Transition {
  /** What it held before. */
  readonly from: HeldTables;
  /** What it should hold in the end. */
  readonly to: ResourceView;
  /** The clusters that it has to take first. */
  readonly acceptingBoth: readonly EncodedResource[];
  /** The time of the clock at which it is told the rest, whatever it has taken. */
  readonly until: number;
}

/** All that a server remembers of one stream. Immutable. */
export interface StreamState {
  /** Sets the stream's nonces apart from those of other streams. */
  readonly id: string;
  /** What the stream's client should hold now. */
  readonly view: ResourceView;
  /** The transition that `view` is a part of; undefined when there is none. */
  readonly transition: Transition | undefined;
  /** One for each type that the client asked for and the view has, in the order in which types are sent. */
  readonly subscriptions: readonly Subscription[];
  /** How many responses were sent. */
  readonly sent: number;
}

/** All states are made here, for the reason that subscriptions have: see `edited` in subscription.ts. */
function stateOf(state: StreamState): StreamState {
  const { id, view, transition, subscriptions, sent } = state;
  return { id, view, transition, subscriptions, sent };
}

/** The state of a stream on which nothing was said. */
export function newStream(id: string, view: ResourceView): StreamState {
  return stateOf({ id, view, transition: undefined, subscriptions: [], sent: 0 });
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
      ({ inFlight, lastSent, resumedAt }) =>
        inFlight.length === 0 && (lastSent ?? resumedAt) !== undefined,
    )
  );
}

/** Whether the client has refused a response, and it is not known yet what of it. */
export function isSearchingCulprit({ subscriptions }: StreamState): boolean {
  return subscriptions.some(({ suspectGroups }) => suspectGroups.length > 0);
}

/** The state with one subscription set. */
export function withSubscription(state: StreamState, subscription: Subscription): StreamState {
  const { id, view, transition, subscriptions, sent } = state;
  const index = subscriptions.findIndex(({ typeUrl }) => typeUrl === subscription.typeUrl);
  if (index >= 0) {
    if (subscriptions[index] === subscription) return state;
    return stateOf({
      id,
      view,
      transition,
      subscriptions: subscriptions.with(index, subscription),
      sent,
    });
  }
  const rank = ({ typeUrl }: Subscription) => rulesOf(typeUrl).rank;
  const sorted = [...subscriptions, subscription].sort((a, b) => rank(a) - rank(b));
  return stateOf({ id, view, transition, subscriptions: sorted, sent });
}

/** The state with another view, without a transition to it. */
export function withView(state: StreamState, view: ResourceView): StreamState {
  const { id, transition, subscriptions, sent } = state;
  if (state.view === view && transition === undefined) return state;
  return stateOf({ id, view, transition: undefined, subscriptions, sent });
}

/** The state with the intermediate view of a transition. */
export function withTransition(
  { id, subscriptions, sent }: StreamState,
  view: ResourceView,
  transition: Transition,
): StreamState {
  return stateOf({ id, view, transition, subscriptions, sent });
}

/** The state after one more response. */
export function withResponse(state: StreamState): StreamState {
  const { id, view, transition, subscriptions, sent } = state;
  return stateOf({ id, view, transition, subscriptions, sent: sent + 1 });
}
