/**
 * What a client's judgement of a response changes.
 *
 * A response is judged by its nonce; what was sent before it is settled with it, since a client judges in order and some
 * leave judgements out. An ACK makes what was sent what is accepted. A NACK that blames one resource rejects it: that
 * content is not sent to this client again, and the client stays with what it accepted last. A NACK that may mean one
 * of several takes them all back, and they are sent again in groups (see splitSuspects); whether the client has taken
 * some of them is not known then, so any content counts as a change for them.
 *
 * By state of the world Envoy, as long as a cluster is not warm, keeps its judgements of clusters back, and then says but one:
 * the newest nonce, the version that it accepted last, and the newest error, which may be about a set before. So a set of
 * which a NACK says the version was accepted, and what was sent between that one and the refused one was refused too.
 *
 * In a complete answer (state of the world, clusters and listeners) what is left out is deleted, so the groups are laid
 * over what was accepted, and a rejected resource is stood in for by its last accepted content. Of a client that came
 * back with a set that this stream does not know, nothing can be stood in for: a set that it refuses is kept back whole
 * until the view changes, and what the client has goes on working.
 */
import { Table } from "../../../base/table/table.js";
import type { EncodedResource } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import type { Moment } from "../moment.js";
import { rejectionOf, withoutTaken, withRejection } from "../subscription/rejections.js";
import {
  edited,
  type Held,
  isResource,
  isSameVersion,
  MAYBE_HELD,
  NOTHING_IN_FLIGHT,
  type Payload,
  type SentResponse,
  type Subscription,
  UNKNOWN_VERSION,
  wants,
  withEntry,
} from "../subscription/subscription.js";
import { splitSuspects } from "./split-suspects.js";

/** An ACK, or a NACK if there is an error. */
export interface Verdict {
  readonly nonce: string;
  /** The client's words. */
  readonly error?: string | undefined;
  /** By state of the world: of what the client accepted last. */
  readonly version?: string;
}

/** What of a moment a judgement depends on. */
export type JudgedAt = Pick<Moment, "now" | "pacing" | "files">;

/** An error is cut to this many characters where it is kept. */
const ERROR_LENGTH = 1000;

/** A part of a text keeps all of it in memory, so it is copied. */
function shortened(words: string): string {
  return words.length <= ERROR_LENGTH
    ? words
    : Buffer.from(words.slice(0, ERROR_LENGTH)).toString();
}

/** The response that a nonce belongs to, if it is not judged yet. */
export function findInFlight(subscription: Subscription, nonce: string): SentResponse | undefined {
  return subscription.inFlight.find((sent) => sent.nonce === nonce);
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
    const known = subscription.inFlight.slice(0, taken).map((one) => one.payload.changed);
    return edited(subscription, {
      accepted,
      inFlight,
      rejections: withoutTaken(subscription.rejections, known),
      holdsUnknownSet: false,
      mayHoldNackedParts: false,
      lastAcked,
    });
  }
  // Of what was refused in between the client may have taken some.
  const mayHoldNackedParts = subscription.mayHoldNackedParts || taken < index;
  const judged = edited(subscription, { accepted, inFlight, mayHoldNackedParts });
  return refuse(judged, sent, error ?? "", moment);
}

/** How many of its unjudged responses a client has taken that refuses the one at an index, or one before. */
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

/** What the client has taken when it has taken the first so many responses, of at least one. */
function acceptedAfter(subscription: Subscription, count: number): Table<Held> {
  const { inFlight, held } = subscription;
  // With nothing else under way, it is what is held: the shared table itself.
  if (count === inFlight.length) return held;
  return inFlight
    .slice(0, count)
    .reduce((table, { payload }) => applied(subscription, table, payload), subscription.accepted);
}

function applied({ style }: Subscription, table: Table<Held>, payload: Payload): Table<Held> {
  if (style === "complete") {
    return Table.from(payload.resources.map((resource) => [resource.name, resource]));
  }
  let result = table;
  for (const resource of payload.changed) result = result.with(resource.name, resource);
  for (const name of payload.removed) result = result.without(name);
  return result;
}

function refuse(
  subscription: Subscription,
  { nonce, payload }: SentResponse,
  words: string,
  moment: JudgedAt,
): Subscription {
  const { now, files } = moment;
  const isRespelled = payload.changed.some((one) => one.isRespelled === true);
  const error = shortened(isRespelled ? files.asWritten(words) : words);
  const lastNacked = { nonce, version: payload.version, at: now, error };
  const recorded = edited(subscription, { lastNacked });
  const suspects = possibleCulprits(subscription, payload);
  const [only] = suspects;
  // Without a resource there is nothing to blame, and sending it again would go on for ever.
  if (only === undefined) return recorded;
  if (subscription.style === "complete" && subscription.holdsUnknownSet) return frozen(recorded);
  const isAlone = suspects.length === 1;
  const judged = isAlone ? restoring(rejected(recorded, only, error, moment), only) : recorded;
  // A whole set that was sent since stands for itself: what the client has of this one, that one replaces.
  if (subscription.style === "complete" && subscription.inFlight.length > 0) {
    return edited(judged, { mayHoldNackedParts: true, inFlight: withNews(subscription) });
  }
  const without = takenBack(judged, payload);
  if (isAlone) return withoutCulprit(without, only);
  // What was sent in another version meanwhile is judged by that response.
  const current = suspects.filter((it) => isSameVersion(subscription.held.get(it.name), it));
  const groups =
    current.length === 0 ? [] : splitSuspects(current, words, rulesOf(subscription.typeUrl));
  return edited(uncertain(without, suspects), {
    suspectGroups: [...groups, ...without.suspectGroups],
  });
}

/** The client is kept from what it refused alone, for a while if that names files. */
function rejected(
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
  if (rulesOf(typeUrl).oneByOne !== true || !isKnown || !wants(subscription, name)) {
    return subscription;
  }
  return edited(subscription, { answersDue: new Set([...answersDue, name]) });
}

/** Before the first of those in flight one was refused: what is in both may come with this one. */
function withNews({ accepted, inFlight }: Subscription): readonly SentResponse[] {
  return inFlight.map((sent, i) => {
    if (i > 0) return sent;
    const { changed, resources } = sent.payload;
    const known = new Set(changed);
    const isNews = (resource: EncodedResource): boolean =>
      known.has(resource) || !isSameVersion(accepted.get(resource.name), resource);
    return { ...sent, payload: { ...sent.payload, changed: resources.filter(isNews) } };
  });
}

/** A complete answer is refused for any of its resources that the client has not accepted, whenever they were new. */
function possibleCulprits(
  { style, accepted }: Subscription,
  { resources, changed }: Payload,
): readonly EncodedResource[] {
  if (style !== "complete") return changed;
  return resources.filter((resource) => !isSameVersion(accepted.get(resource.name), resource));
}

/** The whole set is kept back until the view has another, unless there is another already. */
function frozen(subscription: Subscription): Subscription {
  if (subscription.inFlight.length > 0) return subscription;
  return edited(subscription, { nackedSet: subscription.held, held: Table.empty() });
}

/**
 * What else a refused response said may not have happened. The removals are due again; a complete answer is followed by
 * another, unless the client holds for sure what it accepted last.
 */
function takenBack(subscription: Subscription, { removed, resources }: Payload): Subscription {
  const { accepted, mayHoldNackedParts, names, answersDue, removalsDue } = subscription;
  if (subscription.style === "complete") {
    const listed = resources.filter(({ name }) => accepted.has(name));
    return edited(subscription, {
      isResponseDue: mayHoldNackedParts || listed.length < accepted.size,
    });
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
function uncertain(
  subscription: Subscription,
  resources: readonly EncodedResource[],
): Subscription {
  let { held, accepted } = subscription;
  const isComplete = subscription.style === "complete";
  for (const resource of resources) {
    const { name } = resource;
    const before = accepted.get(name);
    const isLast = isSameVersion(held.get(name), resource);
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
function withoutCulprit(subscription: Subscription, culprit: EncodedResource): Subscription {
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
