/** What a client may hold after a NACK, and what is due to it again for that. */
import { Table } from "../../../base/table/table.js";
import type { EncodedResource } from "../../resource.js";
import type { Payload, SentResponse } from "../response/response.js";
import { isSameVersion, MAYBE_HELD, UNKNOWN_VERSION, withEntry } from "../subscription/held.js";
import { edited, type Subscription } from "../subscription/subscription.js";

/** Of a client with `holdsUnknownSet`: the whole set is kept back until the view has another, unless there is another already. */
export function withNackedSet(subscription: Subscription): Subscription {
  if (subscription.inFlight.length > 0) return subscription;
  return edited(subscription, { nackedSet: subscription.held, held: Table.empty() });
}

/** Complete style, while newer sets are in flight: the client may hold parts of the refused one until it has judged them. */
export function withSetsJudgedAnew(subscription: Subscription): Subscription {
  return edited(subscription, {
    mayHoldNackedParts: true,
    inFlight: withAllNews(subscription),
  });
}

/** With the first of these sets the client may take what it refused before: all is new of it that it has not accepted. */
function withAllNews({ accepted, inFlight }: Subscription): readonly SentResponse[] {
  return inFlight.map((sent, i) => {
    if (i > 0) return sent;
    const { changed, resources } = sent.payload;
    const known = new Set(changed);
    const isNews = (resource: EncodedResource): boolean =>
      known.has(resource) || !isSameVersion(accepted.get(resource.name), resource);
    return { ...sent, payload: { ...sent.payload, changed: resources.filter(isNews) } };
  });
}

/**
 * What else a refused response said may not have happened. The removals are due again; a complete answer is followed by
 * another, unless the client holds for sure what it accepted last.
 */
export function withTakenBack(
  subscription: Subscription,
  { removed, resources }: Payload,
): Subscription {
  const { accepted, mayHoldNackedParts, names, answersDue, removalsDue } = subscription;
  if (subscription.style === "complete") {
    const listed = resources.filter(({ name }) => accepted.has(name));
    const isResponseDue = mayHoldNackedParts || listed.length < accepted.size;
    return edited(subscription, { isResponseDue });
  }
  if (removed.length === 0) return subscription;
  return edited(subscription, {
    answersDue: new Set([...answersDue, ...removed.filter((name) => names.has(name))]),
    removalsDue: new Set([...removalsDue, ...removed.filter((name) => !names.has(name))]),
  });
}

/**
 * Some of these the client may have taken. A complete answer is followed by another, laid over what was accepted; in the
 * other styles the names are marked, so that any content counts as a change.
 */
export function withAnySuspectHeld(
  subscription: Subscription,
  suspects: readonly EncodedResource[],
): Subscription {
  let { held, accepted } = subscription;
  const isComplete = subscription.style === "complete";
  for (const suspect of suspects) {
    const { name } = suspect;
    const before = accepted.get(name);
    const isLast = isSameVersion(held.get(name), suspect);
    if (isComplete) {
      if (isLast) held = withEntry(held, name, before);
      continue;
    }
    const mark = before === undefined || before === MAYBE_HELD ? MAYBE_HELD : UNKNOWN_VERSION;
    if (isLast) held = held.with(name, mark);
    accepted = accepted.with(name, mark);
  }
  return isComplete
    ? edited(subscription, { held, mayHoldNackedParts: true, isResponseDue: true })
    : edited(subscription, { held, accepted });
}

/** The client stays with what it accepted before, or with what it accepts of what was sent since. */
export function withoutCulprit(subscription: Subscription, culprit: EncodedResource): Subscription {
  const { held, accepted, inFlight } = subscription;
  const { name } = culprit;
  if (!isSameVersion(held.get(name), culprit)) return subscription;
  const isSentSince = inFlight.some(({ payload }) =>
    payload.changed.some((it) => it.name === name),
  );
  if (isSentSince) return edited(subscription, { held: held.with(name, MAYBE_HELD) });
  // Content that was good before and is refused now was not replaced by anything that we know of.
  const before = isSameVersion(accepted.get(name), culprit) ? UNKNOWN_VERSION : accepted.get(name);
  return edited(subscription, { held: withEntry(held, name, before) });
}
