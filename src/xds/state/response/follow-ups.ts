/**
 * What has to be sent again behind a response, though it did not change.
 *
 * Envoy takes a new or changed cluster only when an endpoints response comes after it, and waits 15 s without one. It
 * asks for the virtual hosts of a route configuration only once a stream, so those of a new one are sent unasked.
 */

import { type EncodedResource, TYPE_URL } from "../../resource.js";
import { warmingResources } from "../order/warming.js";
import { type StreamState, subscriptionTo, withSubscription } from "../stream-state.js";
import { isSameVersion } from "../subscription/held.js";
import { type NamePool, NO_NAMES } from "../subscription/name-set.js";
import { NO_REJECTIONS, rejectionOf } from "../subscription/rejections.js";
import { edited, type Subscription, wants } from "../subscription/subscription.js";

const DEPENDS_ON_SECRETS: ReadonlySet<string> = new Set([TYPE_URL.cluster, TYPE_URL.listener]);

/** Marks as requested what has to follow these resources of one type, so far as the client wants it. */
export function followUps(
  state: StreamState,
  typeUrl: string,
  resources: readonly EncodedResource[],
  pool: NamePool,
): StreamState {
  switch (typeUrl) {
    case TYPE_URL.cluster:
      return withRequested(state, TYPE_URL.endpoint, () => endpointsOf(resources), pool);
    case TYPE_URL.route:
      return withRequested(state, TYPE_URL.virtualHost, () => hostsOf(state, resources), pool);
    case TYPE_URL.secret:
      return withAnotherTry(state, resources);
    default:
      return state;
  }
}

/** The endpoints of clusters that the client has been sent and has not taken: it may be waiting for them. */
export function endpointsDue(state: StreamState): readonly string[] {
  const inFlight = subscriptionTo(state, TYPE_URL.cluster)?.inFlight ?? [];
  return inFlight.flatMap(({ payload }) => endpointsOf(payload.changed));
}

/**
 * The names of endpoints without which a cluster of a client does not become warm, and of which it may be told that there are
 * none. Not those of a cluster that is about to go and was warm before: calls may go by it until then.
 */
export function awaitedEndpoints(state: StreamState): ReadonlySet<string> {
  const clusters = subscriptionTo(state, TYPE_URL.cluster);
  if (clusters === undefined) return NO_NAMES;
  const table = state.view.get(TYPE_URL.cluster);
  const sent = clusters.inFlight.flatMap(({ payload }) => payload.changed);
  const staying = sent.filter(({ name }) => table?.has(name) === true);
  const fresh = clusters.holdsUnknownSet
    ? []
    : warmingResources(clusters).map(({ resource }) => resource);
  return new Set(endpointsOf([...staying, ...fresh]));
}

function endpointsOf(clusters: readonly EncodedResource[]): readonly string[] {
  return clusters.map(({ endpoints }) => endpoints).filter((name) => name !== undefined);
}

/** A virtual host of its own is named after its route configuration. */
function hostsOf({ view }: StreamState, routes: readonly EncodedResource[]): readonly string[] {
  const all = [...(view.get(TYPE_URL.virtualHost)?.keys() ?? [])];
  const prefixes = routes.map(({ name }) => `${name}/`);
  return all.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
}

function withRequested(
  state: StreamState,
  typeUrl: string,
  names: () => readonly string[],
  pool: NamePool,
): StreamState {
  const subscription = subscriptionTo(state, typeUrl);
  if (subscription === undefined) return state;
  const wanted = names().filter((name) => wants(subscription, name));
  const answersDue = pool.edited(subscription.answersDue, wanted, []);
  if (answersDue === subscription.answersDue) return state;
  return withSubscription(state, edited(subscription, { answersDue }));
}

/**
 * Envoy refuses a new listener whose secret is broken, though nothing is wrong with the listener: another content of a
 * secret that the client had before is another chance for what was refused.
 */
function withAnotherTry(state: StreamState, secrets: readonly EncodedResource[]): StreamState {
  const before = subscriptionTo(state, TYPE_URL.secret);
  const isReplaced = (secret: EncodedResource): boolean => {
    if (before === undefined) return false;
    const accepted = before.accepted.get(secret.name);
    const known = accepted !== undefined || before.rejections.has(secret.name);
    // What is only tried again is no other content: see withTaken.
    const isTried = rejectionOf(before.rejections, secret) !== undefined;
    return known && !isTried && !isSameVersion(accepted, secret);
  };
  return secrets.some(isReplaced) ? anotherTry(state) : state;
}

/** The state after the client has judged something: a secret that it takes after all is another chance too. */
export function withTaken(state: StreamState, before: Subscription): StreamState {
  if (before.typeUrl !== TYPE_URL.secret || before.rejections.size === 0) return state;
  const after = subscriptionTo(state, TYPE_URL.secret)?.rejections ?? NO_REJECTIONS;
  const isTaken = [...before.rejections.keys()].some((name) => !after.has(name));
  return isTaken ? anotherTry(state) : state;
}

function anotherTry(state: StreamState): StreamState {
  return state.subscriptions
    .filter(({ typeUrl, rejections }) => DEPENDS_ON_SECRETS.has(typeUrl) && rejections.size > 0)
    .map((subscription) => edited(subscription, { rejections: NO_REJECTIONS }))
    .reduce(withSubscription, state);
}
