/**
 * What was refused for the sake of a secret has another chance with another content of the secret.
 *
 * Envoy refuses a new listener or cluster whose secret is broken, though nothing is wrong with it.
 */
import { type EncodedResource, TYPE_URL } from "../../resource.js";
import { type StreamState, subscriptionTo, withSubscription } from "../stream-state.js";
import { isSameVersion } from "../subscription/held.js";
import { NO_REJECTIONS, rejectionOf } from "../subscription/rejections.js";
import { edited, type Subscription } from "../subscription/subscription.js";

const DEPENDS_ON_SECRETS: ReadonlySet<string> = new Set([TYPE_URL.cluster, TYPE_URL.listener]);

/** The state after the client is sent secrets, of which some may have another content than one that it had before. */
export function afterSecretsSent(
  state: StreamState,
  secrets: readonly EncodedResource[],
): StreamState {
  const before = subscriptionTo(state, TYPE_URL.secret);
  const isReplaced = (secret: EncodedResource): boolean => {
    if (before === undefined) return false;
    const accepted = before.accepted.get(secret.name);
    const known = accepted !== undefined || before.rejections.has(secret.name);
    // What is only offered again is no other content: see afterVerdict.
    const isOfferedAgain = rejectionOf(before.rejections, secret) !== undefined;
    return known && !isOfferedAgain && !isSameVersion(accepted, secret);
  };
  return secrets.some(isReplaced) ? withAnotherChance(state) : state;
}

/** The state after a verdict on a response, of a type that had this subscription: it may be that a secret is taken after all. */
export function afterVerdict(state: StreamState, before: Subscription): StreamState {
  if (before.typeUrl !== TYPE_URL.secret || before.rejections.size === 0) return state;
  const after = subscriptionTo(state, TYPE_URL.secret)?.rejections ?? NO_REJECTIONS;
  const isTaken = [...before.rejections.keys()].some((name) => !after.has(name));
  return isTaken ? withAnotherChance(state) : state;
}

function withAnotherChance(state: StreamState): StreamState {
  return state.subscriptions
    .filter(({ typeUrl, rejections }) => DEPENDS_ON_SECRETS.has(typeUrl) && rejections.size > 0)
    .map((subscription) => edited(subscription, { rejections: NO_REJECTIONS }))
    .reduce(withSubscription, state);
}
