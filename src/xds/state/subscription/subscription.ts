import { Table } from "../../../base/table/table.js";
import type { EncodedResource } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import { type NameSet, NO_NAMES } from "./name-set.js";
import { NO_REJECTIONS, type Rejections, rejectionOf } from "./rejections.js";

/**
 * What one stream knows of one type: what its client asked for, what it holds, what it was sent and has not judged yet.
 *
 * It is kept small by sharing. What a client holds is not a map of its own but the very table of the view that it was
 * last sent, with the few exceptions laid into it; a table shares all that did not change with the other tables. So the
 * difference to a new view costs what the change costs, and a thousand streams that hold the same thing hold one.
 * For the same reason `held` says nothing of names that the client does not want: whatever stands there is ignored.
 */

/** Marks a name under which a client holds something, but not known what. */
export const UNKNOWN_VERSION: unique symbol = Symbol("unknown content");

/** Marks a name under which a client may hold something that it was sent, or nothing. */
export const MAYBE_HELD: unique symbol = Symbol("unknown whether there is any");

/** What a client holds under a name. */
export type Held = EncodedResource | typeof UNKNOWN_VERSION | typeof MAYBE_HELD;

/**
 * How answers are put together: `delta` says what changed and what is gone; state of the world either lists everything
 * (`complete`) or what changed (`partial`), by the type.
 */
export type Style = "delta" | "partial" | "complete";

/** What one response says. Shared by all streams that are sent the same. */
export interface Payload {
  /** A hash of the content. */
  readonly version: string;
  readonly resources: readonly EncodedResource[];
  /** Those of the resources that the client did not hold: all of them, except in a complete answer. */
  readonly changed: readonly EncodedResource[];
  /** What the client has to forget, and what it asked for and is not there. */
  readonly removed: readonly string[];
  /** What other streams may be sent too and the first resources are: they are the same bytes there and here. */
  readonly prefix?: Payload;
  /** It has what the client refused before and may take now: see retries.ts. */
  readonly isRetry?: true;
  /** Of a payload that other streams may be sent too: its place in the order in which these were made. */
  readonly serial?: number;
}

/** A response that is not judged yet. */
export interface SentResponse {
  readonly nonce: string;
  /** Milliseconds of the clock. */
  readonly sentAt: number;
  readonly payload: Payload;
}

/** What happened to a response, for people. */
export interface Occurrence {
  readonly nonce: string;
  readonly version: string;
  /** Milliseconds of the clock. */
  readonly at: number;
}

/** See the top of this file. */
export interface Subscription {
  readonly typeUrl: string;
  readonly style: Style;
  /** Subscribed to everything that the view has. */
  readonly wildcard: boolean;
  /** Subscribed to by name. */
  readonly names: NameSet;
  /** State of the world: the client has given names before, so that none means nothing, not everything. */
  readonly hasGivenNames: boolean;
  /** Names that are answered even if the client holds them in this version, or if they do not exist. */
  readonly answersDue: NameSet;
  /** Names that the client may hold something under, of which neither the view nor `held` knows: to be removed. */
  readonly removalsDue: NameSet;
  /** What the client holds if it takes all that it was sent. */
  readonly held: Table<Held>;
  /** What the client has taken. */
  readonly accepted: Table<Held>;
  /** Of a complete style: the client refused a set, may have taken parts of it, and has accepted none since. */
  readonly mayHoldNackedParts: boolean;
  /** Sent and not judged, oldest first. */
  readonly inFlight: readonly SentResponse[];
  /** Payload.serial of the last response that had one; 0 if none had. */
  readonly lastSerial: number;
  /** Resources of refused responses, to be sent again in these groups, which finds the one to blame. */
  readonly suspectGroups: readonly (readonly EncodedResource[])[];
  /** What was refused, and is not sent to this client again. */
  readonly rejections: Rejections;
  /** A response is due even when it says nothing new. */
  readonly isResponseDue: boolean;
  /** The client came back with content that is not known in detail, and has taken nothing since. */
  readonly holdsUnknownSet: boolean;
  /** A set that such a client refused: not sent again. */
  readonly nackedSet: Table<Held> | undefined;
  /** When the client came back with what it holds; undefined when it came with nothing. */
  readonly resumedAt: number | undefined;
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
  answersDue: NO_NAMES,
  removalsDue: NO_NAMES,
  held: Table.empty(),
  accepted: Table.empty(),
  mayHoldNackedParts: false,
  inFlight: NOTHING_IN_FLIGHT,
  lastSerial: 0,
  suspectGroups: [],
  rejections: NO_REJECTIONS,
  isResponseDue: false,
  holdsUnknownSet: false,
  nackedSet: undefined,
  resumedAt: undefined,
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
    answersDue: before.answersDue,
    removalsDue: before.removalsDue,
    held: before.held,
    accepted: before.accepted,
    mayHoldNackedParts: before.mayHoldNackedParts,
    inFlight: before.inFlight,
    lastSerial: before.lastSerial,
    suspectGroups: before.suspectGroups,
    rejections: before.rejections,
    isResponseDue: before.isResponseDue,
    holdsUnknownSet: before.holdsUnknownSet,
    nackedSet: before.nackedSet,
    resumedAt: before.resumedAt,
    lastSent: before.lastSent,
    lastAcked: before.lastAcked,
    lastNacked: before.lastNacked,
  };
  return Object.assign(copy, change);
}

const FIELDS = Object.keys(BLANK) as readonly (keyof Subscription)[];

/** Moments that are no further apart count as one, in milliseconds: nobody is shown more than seconds. */
const ALIKE_MS = 500;

/** Whether two subscriptions differ in nothing but the moments of the last responses, and in these by little. */
export function isAlike(a: Subscription, b: Subscription): boolean {
  return FIELDS.every((field) => {
    if (field !== "lastSent" && field !== "lastAcked") return a[field] === b[field];
    return isOneOccurrence(a[field], b[field]);
  });
}

function isOneOccurrence(a: Occurrence | undefined, b: Occurrence | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.nonce === b.nonce && a.version === b.version && Math.abs(a.at - b.at) <= ALIKE_MS;
}

/** The style of state-of-the-world answers of a type. */
export function sotwStyle(typeUrl: string): Style {
  return rulesOf(typeUrl).listsAll ? "complete" : "partial";
}

/** Whether the client wants to hear of a name. */
export function wants(subscription: Subscription, name: string): boolean {
  return subscription.wildcard || subscription.names.has(name);
}

/** Whether something is due, whatever the view has. */
export function isAnythingDue({
  answersDue,
  removalsDue,
  suspectGroups,
  isResponseDue,
}: Subscription): boolean {
  return isResponseDue || answersDue.size > 0 || removalsDue.size > 0 || suspectGroups.length > 0;
}

/** Whether nothing is due, and the client has taken all that it was sent, and refused nothing that it might be sent. */
export function isAtRest(subscription: Subscription): boolean {
  const { inFlight, rejections, holdsUnknownSet, mayHoldNackedParts, nackedSet } = subscription;
  const hasTaken = inFlight.length === 0 && rejections.size === 0 && nackedSet === undefined;
  return hasTaken && !holdsUnknownSet && !mayHoldNackedParts && !isAnythingDue(subscription);
}

/** Whether something is held, and known. */
export function isResource(held: Held | undefined): held is EncodedResource {
  return held !== undefined && held !== UNKNOWN_VERSION && held !== MAYBE_HELD;
}

/** Whether what is held is a content; a resource that was made anew with equal bytes is the same. */
export function isSameVersion(held: Held | undefined, resource: EncodedResource): boolean {
  return held === resource || (isResource(held) && held.version === resource.version);
}

/** Whether this very content was refused by the client before, and is not being tried again, or would be. */
export function isRejected(subscription: Subscription, resource: EncodedResource): boolean {
  if (resource.refusal !== undefined) return true;
  const rejection = rejectionOf(subscription.rejections, resource);
  return rejection !== undefined && rejection.isTried !== true;
}

/** The content that the client can be taken to hold under a name, if it is ours. */
export function lastGoodVersion(
  subscription: Subscription,
  name: string,
): EncodedResource | undefined {
  const { held, accepted } = subscription;
  const contents: readonly (Held | undefined)[] = [held.get(name), accepted.get(name)];
  return contents.filter(isResource).find((content) => !isRejected(subscription, content));
}

/** A table with one entry set, or without it when there is nothing to set. */
export function withEntry(table: Table<Held>, name: string, entry: Held | undefined): Table<Held> {
  return entry === undefined ? table.without(name) : table.with(name, entry);
}
