/**
 * What a NACK changes.
 *
 * Envoy takes a response as a whole or in parts, and names the culprit only sometimes. So one of its resources is to blame for sure
 * only when it was the only new one: then that version is rejected, is not sent to this client again, and the client stays with
 * what it accepted last. Else all of them are suspect, and are sent again in groups (see split-suspects.ts) until one is refused
 * alone; what the client holds of them meanwhile is not known (see after-nack.ts).
 *
 * In a complete answer (state of the world, clusters and listeners) what is left out is deleted, so the groups are laid
 * over what was accepted, and a rejected resource is stood in for by its last accepted content. Of a client that came
 * back with a set that this stream does not know, nothing can be stood in for: a set that it refuses is kept back whole
 * until the view changes, and what the client has goes on working.
 */
import type { EncodedResource } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import type { JudgedAt } from "../moment.js";
import type { Payload, SentResponse } from "../response/response.js";
import { isResource, isSameVersion } from "../subscription/held.js";
import { rejectionOf, withRejection } from "../subscription/rejections.js";
import { edited, type Subscription, wants } from "../subscription/subscription.js";
import {
  withAnySuspectHeld,
  withNackedSet,
  withoutCulprit,
  withSetsJudgedAnew,
  withTakenBack,
} from "./after-nack.js";
import { splitSuspects } from "./split-suspects.js";

/** The subscription after its client refused a response, which is in flight no more, in these words. */
export function nacked(
  subscription: Subscription,
  { nonce, payload }: SentResponse,
  words: string,
  moment: JudgedAt,
): Subscription {
  const { now, files } = moment;
  const isRespelled = payload.changed.some((one) => one.isRespelled === true);
  const error = shortened(isRespelled ? files.asWritten(words) : words);
  const lastNacked = { nonce, version: payload.version, at: now, error };
  const noted = edited(subscription, { lastNacked });
  const suspects = suspectsOf(subscription, payload);
  const [only] = suspects;
  // Without a resource there is nothing to blame, and sending it again would go on for ever.
  if (only === undefined) return noted;
  const isComplete = subscription.style === "complete";
  if (isComplete && subscription.holdsUnknownSet) return withNackedSet(noted);
  const culprit = suspects.length === 1 ? only : undefined;
  const blamed =
    culprit === undefined ? noted : restoring(rejecting(noted, culprit, error, moment), culprit);
  // A whole set that was sent since stands for itself: what the client has of this one, that one replaces.
  if (isComplete && subscription.inFlight.length > 0) return withSetsJudgedAnew(blamed);
  const without = withTakenBack(blamed, payload);
  return culprit === undefined
    ? withSuspects(without, suspects, words)
    : withoutCulprit(without, culprit);
}

/** An error is cut to this many characters where it is kept. */
const ERROR_LENGTH = 1000;

/** A part of a text keeps all of it in memory, so it is copied. */
function shortened(words: string): string {
  return words.length <= ERROR_LENGTH
    ? words
    : Buffer.from(words.slice(0, ERROR_LENGTH)).toString();
}

/**
 * The resources of which one is to blame. A complete answer is refused for any of its resources that the client has not accepted,
 * whenever they were new.
 */
function suspectsOf(
  { style, accepted }: Subscription,
  { resources, changed }: Payload,
): readonly EncodedResource[] {
  if (style !== "complete") return changed;
  return resources.filter((resource) => !isSameVersion(accepted.get(resource.name), resource));
}

/** All of these are to be sent again, in groups. */
function withSuspects(
  subscription: Subscription,
  suspects: readonly EncodedResource[],
  words: string,
): Subscription {
  const { held, suspectGroups, typeUrl } = subscription;
  // What was sent in another version meanwhile is judged by that response.
  const current = suspects.filter((it) => isSameVersion(held.get(it.name), it));
  const groups = current.length === 0 ? [] : splitSuspects(current, words, rulesOf(typeUrl));
  return edited(withAnySuspectHeld(subscription, suspects), {
    suspectGroups: [...groups, ...suspectGroups],
  });
}

/** The client is kept from what it refused alone, for a while if that names files. */
function rejecting(
  subscription: Subscription,
  resource: EncodedResource,
  error: string,
  { now, pacing, files: names }: JudgedAt,
): Subscription {
  const { rejections, typeUrl } = subscription;
  const before = rejectionOf(rejections, resource);
  const files = before?.files ?? names.of(typeUrl, resource.bytes).map(names.asWritten);
  const { retryMs: last = pacing.firstRetryMs / 2 } = before ?? {};
  const isRespelled = resource.isRespelled === true;
  const retryMs = Math.min(last * 2, pacing.lastRetryMs);
  const refused = { version: resource.version, error, at: now };
  const rejection = files.length === 0 ? refused : { ...refused, files, retryMs, isRespelled };
  return edited(subscription, { rejections: withRejection(rejections, resource.name, rejection) });
}

/** What the client goes on with is due again where it has to be. Of what is not known nothing can be sent again. */
function restoring(subscription: Subscription, { name }: EncodedResource): Subscription {
  const { typeUrl, accepted, answersDue } = subscription;
  const before = accepted.get(name);
  const isKnown = before === undefined || isResource(before);
  const isDue = rulesOf(typeUrl).oneByOne && isKnown && wants(subscription, name);
  if (!isDue) return subscription;
  return edited(subscription, { answersDue: new Set([...answersDue, name]) });
}
