/**
 * The next response of one type by itself; next-responses.ts puts the types in order and lets one wait for another.
 *
 * Of what differs, names are withheld that wait for other types, that the client has refused, or that are suspect. First comes all
 * else, together; then the suspects, one group at a time.
 */
import type { EncodedResource, ResourceTable } from "../../resource.js";
import { NO_NAMES } from "../subscription/name-set.js";
import {
  edited,
  isRejected,
  lastGoodVersion,
  type Subscription,
} from "../subscription/subscription.js";
import { toldExcept, upToDate } from "./after-draft.js";
import type { Difference } from "./difference.js";
import { completePayload, emptyPayload, payloadWithout } from "./payload.js";
import type { Plan } from "./plan.js";
import type { Payload } from "./response.js";

/** A response that could be sent next, and the subscription after that, without the response itself among those in flight. */
export interface Draft {
  readonly payload: Payload;
  readonly subscription: Subscription;
  /** The client was sent it before, among others, and refused that. */
  readonly isResent?: true;
}

/** See the top of this file. Undefined if all that there is to tell has to wait or was refused. */
export function nextDraft(
  subscription: Subscription,
  table: ResourceTable,
  { difference, payload }: Plan,
  waiting: ReadonlySet<string>,
): Draft | undefined {
  const refused = refusedNames(subscription, table, difference);
  const withheld = withheldNames(subscription, refused, waiting);
  if (withheld.size === 0) {
    const whole = payload ?? payloadOfNothingNew(subscription, table, withheld);
    if (wouldDeleteAll(subscription, whole)) return undefined;
    return { payload: whole, subscription: upToDate(subscription, table) };
  }
  // Nothing can stand in for what a client holds that came back with a set that is not known.
  if (subscription.style === "complete" && subscription.holdsUnknownSet) return undefined;
  const rest = payloadOfRest(subscription, table, difference, withheld);
  if (rest !== undefined) return draft(subscription, table, rest, withheld);
  const group = nextGroup(subscription, waiting, withheld);
  if (group !== undefined) return draftOfGroup(subscription, table, difference, group);
  // Who waits for a first answer gets it with what waits for other types; nothing else will come after what is refused.
  const isAnswerDue = subscription.style === "complete" || waiting.size === 0;
  if (!subscription.isResponseDue || !isAnswerDue) return undefined;
  const again = payloadOfNothingNew(subscription, table, withheld);
  return draft(subscription, table, again, withheld);
}

function draft(
  subscription: Subscription,
  table: ResourceTable,
  payload: Payload,
  withheld: ReadonlySet<string>,
): Draft {
  return { payload, subscription: toldExcept(subscription, table, withheld) };
}

/** A response that is due though nothing is new. */
function payloadOfNothingNew(
  subscription: Subscription,
  table: ResourceTable,
  withheld: ReadonlySet<string>,
): Payload {
  if (subscription.style !== "complete") return emptyPayload();
  return completePayload(subscription, table, { changed: [], removed: [] }, withheld);
}

/** A client that comes back keeps what it has until there is something to replace it. */
function wouldDeleteAll({ style, holdsUnknownSet }: Subscription, { resources }: Payload): boolean {
  return style === "complete" && holdsUnknownSet && resources.length === 0;
}

function withheldNames(
  { suspectGroups }: Subscription,
  refused: readonly string[],
  waiting: ReadonlySet<string>,
): ReadonlySet<string> {
  if (suspectGroups.length === 0 && refused.length === 0) return waiting;
  return new Set([...waiting, ...suspectGroups.flat().map(({ name }) => name), ...refused]);
}

/** What the view has and the client has refused, or would. */
function refusedNames(
  subscription: Subscription,
  table: ResourceTable,
  { refused }: Difference,
): readonly string[] {
  const rejected = [...subscription.rejections.keys()].filter((name) => {
    const resource = table.get(name);
    return resource !== undefined && isRejected(subscription, resource);
  });
  return [...rejected, ...refused];
}

/** What is not withheld, and an answer for what the client asks for again though it refused it. */
function payloadOfRest(
  subscription: Subscription,
  table: ResourceTable,
  difference: Difference,
  withheld: ReadonlySet<string>,
): Payload | undefined {
  const asked = subscription.style === "complete" ? [] : refusedAndDue(subscription, difference);
  if (asked.length === 0) return payloadWithout(subscription, table, difference, withheld);
  const changed = difference.changed.filter(({ name }) => !withheld.has(name));
  const removed = difference.removed.filter((name) => !withheld.has(name));
  for (const { name, standIn } of asked) {
    const instead = lastGoodVersion(subscription, name) ?? standIn;
    if (instead === undefined) removed.push(name);
    else changed.push(instead);
  }
  return payloadWithout(subscription, table, { changed, removed }, NO_NAMES);
}

/** What is due an answer, and cannot be sent as the view has it. */
function refusedAndDue(
  subscription: Subscription,
  { changed }: Difference,
): readonly EncodedResource[] {
  return changed.filter(
    (resource) =>
      subscription.answersDue.has(resource.name) &&
      isRejected(subscription, resource) &&
      resource.refusal?.isAwaited !== true,
  );
}

/** Suspects whose turn it is. */
interface Group {
  /** All that is withheld but for these. */
  readonly others: ReadonlySet<string>;
  readonly later: Subscription["suspectGroups"];
}

/** The first group of which anything need not wait for other types; what waits stays a group of its own. */
function nextGroup(
  { suspectGroups }: Subscription,
  waiting: ReadonlySet<string>,
  withheld: ReadonlySet<string>,
): Group | undefined {
  for (const [index, group] of suspectGroups.entries()) {
    const names = group.map(({ name }) => name).filter((name) => !waiting.has(name));
    if (names.length === 0) continue;
    const left = group.filter(({ name }) => waiting.has(name));
    const later = suspectGroups.toSpliced(index, 1, ...(left.length > 0 ? [left] : []));
    const others = new Set(withheld);
    for (const name of names) others.delete(name);
    return { others, later };
  }
  return undefined;
}

function draftOfGroup(
  subscription: Subscription,
  table: ResourceTable,
  difference: Difference,
  { others, later }: Group,
): Draft | undefined {
  const payload = payloadWithout(subscription, table, difference, others);
  if (payload === undefined) return undefined;
  const after = edited(subscription, { suspectGroups: later });
  return { ...draft(after, table, payload, others), isResent: true };
}
