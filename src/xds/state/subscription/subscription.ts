import { Table } from "../../../base/table/table.js";
import type { EncodedResource } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import type { Occurrence, SentResponse, Style } from "../response/response.js";
import { type Held, isResource } from "./held.js";
import { type NameSet, NO_NAMES } from "./name-set.js";
import { NO_REJECTIONS, type Rejections, rejectionOf } from "./rejections.js";

/**
 * What one stream knows of one type. docs/xds-state.md tells how a subscription goes from one state to the next.
 *
 * It is kept small by sharing. What a client holds is not a map of its own but the very table of the view that it was
 * last sent, with the few exceptions laid into it; a table shares all that did not change with the other tables. So the
 * difference to a new view costs what the change costs, and a thousand streams that hold the same thing hold one.
 * For the same reason `held` says nothing of names that the client does not want: whatever stands there is ignored.
 */
export interface Subscription {
  readonly typeUrl: string;
  readonly style: Style;

  // What the client subscribes to.

  /** To everything that the view has. */
  readonly wildcard: boolean;
  /** To these names, beside that or alone. */
  readonly names: NameSet;
  /** State of the world: a request has had names, so that none now means nothing, and not everything any more. */
  readonly hasGivenNames: boolean;

  // What it holds.

  /** What the client holds once it has taken all that it was sent. What is due is the difference from this to the view. */
  readonly held: Table<Held>;
  /** What the client has ACKed, or said that it holds when it came back. What it goes on with when it refuses what is newer. */
  readonly accepted: Table<Held>;
  /** Responses that were sent and not judged, oldest first. */
  readonly inFlight: readonly SentResponse[];
  /** Payload.serial of the last response that had one; 0 if none had. */
  readonly lastSerial: number;
  /** When the client came back with what it holds; undefined when it came with nothing. */
  readonly resumedAt: number | undefined;
  /** Complete style: the client came back with the version of a set that is not known here, and has ACKed nothing since. */
  readonly holdsUnknownSet: boolean;
  /** Complete style: the client refused a set, may have taken parts of it (Envoy does), and has ACKed nothing since. */
  readonly mayHoldNackedParts: boolean;

  // What is due to it, beside the difference between what it holds and what the view has.

  /** A response, even if it says nothing new. */
  readonly isResponseDue: boolean;
  /** An answer for each of these names, even if the client holds the version of the view, or if the view has none. */
  readonly answersDue: NameSet;
  /** The removal of these names, of which neither the view nor `held` knows: the client may hold something there. */
  readonly removalsDue: NameSet;
  /**
   * The resources of refused responses, again, one group to a response: which of them is refused alone tells the one to blame.
   * See split-suspects.ts.
   */
  readonly suspectGroups: readonly (readonly EncodedResource[])[];

  // What it refused.

  /** Versions that it refused and is not sent again, by name. */
  readonly rejections: Rejections;
  /** A whole set that a client with `holdsUnknownSet` refused: it is not sent again. */
  readonly nackedSet: Table<Held> | undefined;

  // What happened last, for people.

  readonly lastSent: Occurrence | undefined;
  readonly lastAcked: Occurrence | undefined;
  readonly lastNacked: (Occurrence & { readonly error: string }) | undefined;
}

/** What has to be said of a subscription, and what may be said. */
export type Asked = Pick<Subscription, "typeUrl" | "style"> & Partial<Subscription>;

/** No response is under way. */
export const NOTHING_IN_FLIGHT: Subscription["inFlight"] = [];

const BLANK: Subscription = {
  typeUrl: "",
  style: "delta",
  wildcard: false,
  names: NO_NAMES,
  hasGivenNames: false,
  held: Table.empty(),
  accepted: Table.empty(),
  inFlight: NOTHING_IN_FLIGHT,
  lastSerial: 0,
  resumedAt: undefined,
  holdsUnknownSet: false,
  mayHoldNackedParts: false,
  isResponseDue: false,
  answersDue: NO_NAMES,
  removalsDue: NO_NAMES,
  suspectGroups: [],
  rejections: NO_REJECTIONS,
  nackedSet: undefined,
  lastSent: undefined,
  lastAcked: undefined,
  lastNacked: undefined,
};

/** A subscription of a client that holds nothing and was sent nothing, apart from what is given. */
export function subscription(asked: Asked): Subscription {
  return edited(BLANK, asked);
}

/**
 * A subscription with some fields set. All subscriptions are made here, and so have one shape. An object that is spread has,
 * for V8, a shape of its own at each place where that is done: copies of copies had ever new ones, so that no place in the code
 * knew the shapes that it met.
 */
export function edited(before: Subscription, change: Partial<Subscription>): Subscription {
  const copy: Subscription = {
    typeUrl: before.typeUrl,
    style: before.style,
    wildcard: before.wildcard,
    names: before.names,
    hasGivenNames: before.hasGivenNames,
    held: before.held,
    accepted: before.accepted,
    inFlight: before.inFlight,
    lastSerial: before.lastSerial,
    resumedAt: before.resumedAt,
    holdsUnknownSet: before.holdsUnknownSet,
    mayHoldNackedParts: before.mayHoldNackedParts,
    isResponseDue: before.isResponseDue,
    answersDue: before.answersDue,
    removalsDue: before.removalsDue,
    suspectGroups: before.suspectGroups,
    rejections: before.rejections,
    nackedSet: before.nackedSet,
    lastSent: before.lastSent,
    lastAcked: before.lastAcked,
    lastNacked: before.lastNacked,
  };
  return Object.assign(copy, change);
}

/** The names of all fields. */
export const SUBSCRIPTION_FIELDS = Object.keys(BLANK) as readonly (keyof Subscription)[];

/** The style of state-of-the-world answers of a type. */
export function sotwStyle(typeUrl: string): Style {
  return rulesOf(typeUrl).listsAll ? "complete" : "partial";
}

/** Whether the client wants to hear of a name. */
export function wants(subscription: Subscription, name: string): boolean {
  return subscription.wildcard || subscription.names.has(name);
}

/** Whether anything is due beside what the view has and the client does not hold. */
function isAnythingDue({
  answersDue,
  removalsDue,
  suspectGroups,
  isResponseDue,
}: Subscription): boolean {
  return isResponseDue || answersDue.size > 0 || removalsDue.size > 0 || suspectGroups.length > 0;
}

/** Whether the client holds all of a table and nothing else is due: seen without looking into the tables. */
export function isUpToDate(subscription: Subscription, table: Table<Held>): boolean {
  return subscription.held === table && !isAnythingDue(subscription);
}

/** Whether all that matters to it is what the view has: nothing else is due, in flight, refused, or uncertain. */
export function isAtRest(subscription: Subscription): boolean {
  const { inFlight, rejections, holdsUnknownSet, mayHoldNackedParts, nackedSet } = subscription;
  const hasTakenAll = inFlight.length === 0 && rejections.size === 0 && nackedSet === undefined;
  return hasTakenAll && !holdsUnknownSet && !mayHoldNackedParts && !isAnythingDue(subscription);
}

/** Whether the client refused just this version before, and is not being offered it again; or would refuse it, as any client. */
export function isRejected(subscription: Subscription, resource: EncodedResource): boolean {
  if (resource.refusal !== undefined) return true;
  const rejection = rejectionOf(subscription.rejections, resource);
  return rejection !== undefined && rejection.isRetried !== true;
}

/** The version of ours that the client can be taken to hold under a name and has not refused, if there is one. */
export function lastGoodVersion(
  subscription: Subscription,
  name: string,
): EncodedResource | undefined {
  const { held, accepted } = subscription;
  const contents: readonly (Held | undefined)[] = [held.get(name), accepted.get(name)];
  return contents.filter(isResource).find((content) => !isRejected(subscription, content));
}
