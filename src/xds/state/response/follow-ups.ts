/**
 * What has to be sent again behind a response, though it did not change.
 *
 * Envoy takes a new or changed cluster only when an endpoints response comes after it, and waits 15 s without one. It
 * asks for the virtual hosts of a route configuration only once a stream, so those of a new one are sent unasked.
 */

import { type EncodedResource, TYPE_URL } from "../../resource.js";
import { endpointsOf } from "../order/endpoints-of-clusters.js";
import { type StreamState, subscriptionTo, withSubscription } from "../stream-state.js";
import type { NamePool } from "../subscription/name-pool.js";
import { edited, wants } from "../subscription/subscription.js";
import { afterSecretsSent } from "../verdict/another-chance.js";

/** Has that answered which has to follow these resources of one type, so far as the client wants it. */
export function followUps(
  state: StreamState,
  typeUrl: string,
  resources: readonly EncodedResource[],
  pool: NamePool,
): StreamState {
  switch (typeUrl) {
    case TYPE_URL.cluster:
      return withAnswersDue(state, TYPE_URL.endpoint, () => endpointsOf(resources), pool);
    case TYPE_URL.route:
      return withAnswersDue(state, TYPE_URL.virtualHost, () => hostsOf(state, resources), pool);
    case TYPE_URL.secret:
      return afterSecretsSent(state, resources);
    default:
      return state;
  }
}

/** A virtual host of its own is named after its route configuration. */
function hostsOf({ view }: StreamState, routes: readonly EncodedResource[]): readonly string[] {
  const all = [...(view.get(TYPE_URL.virtualHost)?.keys() ?? [])];
  const prefixes = routes.map(({ name }) => `${name}/`);
  return all.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
}

function withAnswersDue(
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
