/**
 * What a client's judgement of a response changes.
 *
 * A response is judged by its nonce; what was sent before it is settled with it, since a client judges in order and some
 * leave judgements out. An ACK makes what was sent what is accepted. A NACK that blames one resource rejects it: that
 * content is never sent to this client again, and the client stays with what it accepted last. A NACK that may mean one
 * of several takes them all back, and they are sent again in groups (see splitSuspects); whether the client has taken
 * some of them is not known then, so any content counts as a change for them.
 *
 * In a complete answer (state of the world, clusters and listeners) what is left out is deleted, so the groups are laid
 * over what was accepted, and a rejected resource is stood in for by its last accepted content. Of a client that came
 * back with a set that this stream does not know, nothing can be stood in for: a set that it refuses is kept back whole
 * until the view changes, and what the client has goes on working.
 */
import { Table } from "../base/table.js";
import type { EncodedResource } from "./resource.js";
import {
  type Flight,
  type Held,
  isSameContent,
  type Payload,
  type Rejection,
  type Subscription,
  UNKNOWN,
  withEntry,
} from "./subscription.js";
import { splitSuspects } from "./suspects.js";

/** An ACK, or a NACK if there is an error. */
export interface Verdict {
  readonly nonce: string;
  /** The client's words. */
  readonly error?: string;
}

/** An error is cut to this many characters where it is kept. */
const ERROR_LENGTH = 1000;

/** No client has more different resources refused than this; the oldest are forgotten. */
const MAX_REJECTIONS = 1000;

/** The response that a nonce belongs to, if it is not judged yet. */
export function findFlight(subscription: Subscription, nonce: string): Flight | undefined {
  return subscription.flights.find((flight) => flight.nonce === nonce);
}

/** A subscription after a verdict; the same object if the nonce is stale. */
export function settle(subscription: Subscription, verdict: Verdict, now: number): Subscription {
  const index = subscription.flights.findIndex(({ nonce }) => nonce === verdict.nonce);
  const flight = subscription.flights[index];
  if (flight === undefined) return subscription;
  const { error } = verdict;
  if (error !== undefined) {
    const earlier = accept(subscription, index);
    const flights = earlier.flights.slice(1);
    return refuse({ ...earlier, flights }, flight, error, now);
  }
  const occurrence = { nonce: flight.nonce, version: flight.payload.version, at: now };
  return { ...accept(subscription, index + 1), inherited: false, lastAcked: occurrence };
}

/** The client has taken the first so many responses. */
function accept(subscription: Subscription, count: number): Subscription {
  if (count === 0) return subscription;
  const { flights, held } = subscription;
  const rest = flights.slice(count);
  // With nothing else under way, what is accepted is what is held: the shared table itself.
  const accepted =
    rest.length === 0
      ? held
      : flights
          .slice(0, count)
          .reduce((table, { payload }) => applied(table, payload), subscription.accepted);
  return { ...subscription, flights: rest, accepted };
}

function applied(table: Table<Held>, payload: Payload): Table<Held> {
  let result = table;
  for (const resource of payload.changed) result = result.with(resource.name, resource);
  for (const name of payload.removed) result = result.without(name);
  return result;
}

function refuse(
  subscription: Subscription,
  { nonce, payload }: Flight,
  words: string,
  now: number,
): Subscription {
  const error = words.slice(0, ERROR_LENGTH);
  const recorded: Subscription = {
    ...subscription,
    lastNacked: { nonce, version: payload.version, at: now, error },
  };
  // What was sent in another version meanwhile is judged by that response.
  const blamed = payload.changed.filter((resource) =>
    isSameContent(subscription.held.get(resource.name), resource),
  );
  const [only] = blamed;
  // Without a resource there is nothing to blame, and sending it again would go on for ever.
  if (only === undefined) return recorded;
  if (subscription.style === "complete" && subscription.inherited) return frozen(recorded);
  const without = takenBack(recorded, payload);
  const alone = payload.changed.length === 1;
  if (alone) return rejected(without, only, { version: only.version, error, at: now });
  return {
    ...without,
    held: blamed.reduce((held, { name }) => uncertain(without, held, name), without.held),
    suspects: [...splitSuspects(blamed, words), ...without.suspects],
    owed: without.owed || without.style === "complete",
  };
}

/** The whole set is kept back until the view has another. */
function frozen(subscription: Subscription): Subscription {
  return { ...subscription, refused: subscription.held, held: Table.empty() };
}

/** The removals of a refused response may not have happened: they are due again. */
function takenBack(subscription: Subscription, { removed }: Payload): Subscription {
  const { accepted, style } = subscription;
  const there = removed.filter((name) => accepted.has(name) && !subscription.held.has(name));
  const missing = removed.filter((name) => !accepted.has(name) && subscription.names.has(name));
  return {
    ...subscription,
    held: there.reduce((held, name) => uncertain(subscription, held, name), subscription.held),
    requested:
      missing.length === 0
        ? subscription.requested
        : new Set([...subscription.requested, ...missing]),
    owed: subscription.owed || (style === "complete" && there.length > 0),
  };
}

/** A complete answer is taken whole or not at all; of any other the client may have taken this part. */
function uncertain(subscription: Subscription, held: Table<Held>, name: string): Table<Held> {
  if (subscription.style !== "complete") return held.with(name, UNKNOWN);
  return withEntry(held, name, subscription.accepted.get(name));
}

function rejected(
  subscription: Subscription,
  resource: EncodedResource,
  rejection: Rejection,
): Subscription {
  const { name } = resource;
  const accepted = subscription.accepted.get(name);
  const rejections = new Map(subscription.rejections);
  rejections.delete(name);
  rejections.set(name, rejection);
  const [oldest] = rejections.keys();
  if (rejections.size > MAX_REJECTIONS && oldest !== undefined) rejections.delete(oldest);
  return {
    ...subscription,
    // Content that was good before and is refused now was not replaced by anything that we know of.
    held: withEntry(
      subscription.held,
      name,
      isSameContent(accepted, resource) ? UNKNOWN : accepted,
    ),
    rejections,
  };
}
