/**
 * State of the world, the client's half: what a DiscoveryRequest changes in the state of its stream. The server's half
 * is in next-responses.ts.
 *
 * - Each request lists all names that the client wants. Names that are new are answered; fewer names are not.
 * - As long as no request for a type has had a name, none means all, where the type allows it; later none means nothing.
 * - The nonce says which response the client has seen. With another than the last one sent, the request was written
 *   before the client saw that one: it is not answered.
 * - The first request with a nonce is the ACK or NACK of its response. A second one with the same names is a question:
 *   Envoy asks again when a cluster was replaced, and is answered.
 * - A client that comes back with the version of the very set that the view has is not sent it again, where the version
 *   stands for the whole set (clusters and listeners); nor is it ever sent an empty one, which would delete everything.
 *
 * Source: xDS protocol, "ACK/NACK and resource type instance version" and the sections after it.
 */

import { Table } from "../../../base/table/table.js";
import type { ResourceTable } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import type { Moment } from "../moment.js";
import { followUps } from "../response/follow-ups.js";
import { setVersion } from "../response/payload.js";
import { type StreamState, subscriptionTo, withSubscription } from "../stream-state.js";
import { type Held, UNKNOWN_VERSION } from "../subscription/held.js";
import { type NameSet, NO_NAMES, sameNames } from "../subscription/name-set.js";
import {
  edited,
  type Subscription,
  sotwStyle,
  subscription,
} from "../subscription/subscription.js";
import { afterVerdict } from "../verdict/another-chance.js";
import { findInFlight, settle } from "../verdict/settle.js";
import { widened, withoutHolding } from "./resubscription.js";
import { isLegacyWildcard, WILDCARD } from "./wildcard.js";

/** What a DiscoveryRequest says, but for the node. */
export interface SotwRequest {
  readonly typeUrl: string;
  readonly names: readonly string[];
  /** Of the last set that the client accepted; empty if there is none. */
  readonly version: string;
  /** Empty if the client has seen no response on this stream. */
  readonly nonce: string;
  /** The words of a NACK. */
  readonly error?: string | undefined;
}

/** The state after a request; types that the view does not have are ignored. */
export function onSotwRequest(
  state: StreamState,
  request: SotwRequest,
  moment: Moment,
): StreamState {
  const known = subscriptionTo(state, request.typeUrl);
  if (known === undefined) {
    const table = state.view.get(request.typeUrl);
    const first = table && firstSubscription(table, request, moment);
    return first === undefined ? state : withSubscription(state, first);
  }
  const { nonce, error, version, names } = request;
  const sent = findInFlight(known, nonce);
  const settled = settle(known, { nonce, error, version }, moment);
  if (isOutOfDate(known, nonce)) {
    const after = withSubscription(state, withFewerNames(settled, names, moment));
    if (error === undefined || sent === undefined) return after;
    // What the client refused may be in the set that was sent since, and be taken from that one only now.
    return followUps(after, request.typeUrl, sent.payload.changed, moment.names);
  }
  const renamed = withNames(settled, names, moment);
  const isVerdict = error !== undefined || sent !== undefined;
  const isRepeated = !isVerdict && renamed.names === settled.names;
  const after = isRepeated ? askedAgain(renamed, nonce, moment) : renamed;
  return afterVerdict(withSubscription(state, after), known);
}

/** Whether a request was written before its client saw the last response. */
function isOutOfDate({ lastSent }: Subscription, nonce: string): boolean {
  return nonce !== "" && lastSent !== undefined && nonce !== lastSent.nonce;
}

/** The subscription of a first request; undefined when it asks for nothing. */
function firstSubscription(
  table: ResourceTable,
  { typeUrl, names: listed, version }: SotwRequest,
  { names: pool }: Moment,
): Subscription | undefined {
  const isLegacy = isLegacyWildcard(typeUrl, listed);
  const wildcard = isLegacy || listed.includes(WILDCARD);
  const names = pool.shared(explicit(listed));
  if (!wildcard && names.size === 0) return undefined;
  const style = sotwStyle(typeUrl);
  const asked = { typeUrl, style, wildcard, names, hasGivenNames: !isLegacy } as const;
  const isComplete = style === "complete";
  if (isComplete && names.size === 0 && version === setVersion(table.values())) {
    return subscription({ ...asked, held: table, accepted: table });
  }
  return subscription({
    ...asked,
    answersDue: names,
    held: wildcard ? Table.empty() : table,
    accepted: version === "" ? Table.empty() : acceptedBefore(typeUrl, names, version, table),
    isResponseDue: isComplete && wildcard,
    holdsUnknownSet: isComplete && version !== "",
  });
}

/** What a client goes on with if it refuses what it is sent, or if that is withheld: nobody knows what that is, but there may be some. */
function acceptedBefore(
  typeUrl: string,
  names: NameSet,
  version: string,
  table: ResourceTable,
): Table<Held> {
  const { oneByOne, nothingOf } = rulesOf(typeUrl);
  if (oneByOne) return lastAccepted(names, version, table);
  return nothingOf === undefined ? Table.empty() : allUnknown(names);
}

/**
 * What a client may have that comes back: of the last response it says the version, and where what stands in for a resource was sent
 * alone, behind the refused one, that is it.
 */
function lastAccepted(names: NameSet, version: string, table: ResourceTable): Table<Held> {
  for (const name of names) {
    const standIn = table.get(name)?.standIn;
    if (standIn === undefined || setVersion([standIn]) !== version) continue;
    return allUnknown(names).with(name, standIn);
  }
  return allUnknown(names);
}

/** By names, which clients that come back together share. */
const unknownTables = new WeakMap<NameSet, Table<Held>>();

function allUnknown(names: NameSet): Table<Held> {
  const known = unknownTables.get(names);
  if (known !== undefined) return known;
  const table = Table.from<Held>([...names].map((name) => [name, UNKNOWN_VERSION] as const));
  unknownTables.set(names, table);
  return table;
}

/** The subscription after the names that a request lists. */
function withNames(
  before: Subscription,
  listed: readonly string[],
  { names: pool }: Moment,
): Subscription {
  const isLegacy = listed.length === 0 && !before.hasGivenNames;
  const wildcard = isLegacy ? before.wildcard : listed.includes(WILDCARD);
  const next = explicit(listed);
  const names = sameNames(before.names, next) ? before.names : pool.shared(next);
  const hasGivenNames = before.hasGivenNames || listed.length > 0;
  const isSame = names === before.names && wildcard === before.wildcard;
  if (isSame) return edited(before, { hasGivenNames });
  const added = [...names].filter((name) => !before.names.has(name));
  const taken = wildcard ? [] : [...before.names].filter((name) => !names.has(name));
  const answersDue = pool.edited(before.answersDue, added, taken);
  const unheld = withoutHolding(wildcard ? widened(before) : before, added);
  return edited(unheld, { wildcard, names, hasGivenNames, answersDue });
}

/** An out-of-date request is not answered, but what it gives up is forgotten: the client may ask for that anew. */
function withFewerNames(
  before: Subscription,
  listed: readonly string[],
  { names: pool }: Moment,
): Subscription {
  const kept = new Set(listed);
  const taken = [...before.names].filter((name) => !kept.has(name));
  if (taken.length === 0) return before;
  return edited(before, {
    names: pool.edited(before.names, [], taken),
    answersDue: pool.edited(before.answersDue, [], taken),
  });
}

/** The subscription after a request that asks for what was asked for before. */
function askedAgain(before: Subscription, nonce: string, { names: pool }: Moment): Subscription {
  if (!before.wildcard) {
    return edited(before, { answersDue: pool.edited(before.answersDue, before.names, []) });
  }
  // Envoy does not repeat itself here; a request without a nonce is the first of somebody who lost count.
  return nonce === "" ? edited(before, { isResponseDue: before.style === "complete" }) : before;
}

function explicit(names: readonly string[]): NameSet {
  if (names.length === 0) return NO_NAMES;
  const set = new Set(names);
  set.delete(WILDCARD);
  return set;
}
