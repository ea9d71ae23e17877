/**
 * The incremental protocol, the client's half: what a DeltaDiscoveryRequest changes in the state of its stream. The
 * server's half is in next-responses.ts.
 *
 * - A first request without names subscribes to everything, where the type allows it; so does the name `*` at any time.
 *   Names asked for beside either are remembered for themselves.
 * - What is subscribed to is answered, also if it was before and has not changed, and by `removed_resources` if it does
 *   not exist; except on the first request for the content that the client says it holds (initial_resource_versions).
 * - Names that the client holds and the view does not know are removed, with the other removals.
 * - A nonce settles the response that it names; a stale one settles nothing, but the names beside it count.
 *
 * Source: xDS protocol, "Incremental xDS" and "How the client specifies what resources to return".
 */

import { Table } from "../../../base/table/table.js";
import { type ResourceTable, TYPE_URL } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import type { Moment } from "../moment.js";
import { endpointsDue, withTaken } from "../response/follow-ups.js";
import { type StreamState, subscriptionTo, withSubscription } from "../stream-state.js";
import { type Held, UNKNOWN_VERSION } from "../subscription/held.js";
import { type NameSet, NO_NAMES, subset } from "../subscription/name-set.js";
import { edited, type Subscription, subscription } from "../subscription/subscription.js";
import { settle } from "../verdict/settle.js";
import type { InitialVersions } from "./initial-versions.js";
import type { KnownTables } from "./known-tables.js";
import { widened, withoutHolding } from "./resubscription.js";

/** What a DeltaDiscoveryRequest says, but for the node. */
export interface DeltaRequest {
  readonly typeUrl: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** The versions that the client holds, by name; of meaning on the first request for a type. */
  readonly initialVersions: InitialVersions;
  /** Empty if it answers no response. */
  readonly nonce: string;
  /** The words of a NACK. */
  readonly error?: string | undefined;
}

const WILDCARD = "*";

/** The state after a request; types that the view does not have are ignored. */
export function onDeltaRequest(
  state: StreamState,
  request: DeltaRequest,
  moment: Moment,
): StreamState {
  const known = subscriptionTo(state, request.typeUrl);
  if (known === undefined) {
    const table = state.view.get(request.typeUrl);
    const first = table && firstSubscription(state, table, request, moment);
    return first === undefined ? state : withSubscription(state, first);
  }
  const after = resubscribed(judged(known, request, moment), request, moment);
  return withTaken(withSubscription(state, after), known);
}

/** The subscription after what a request says of a response. */
function judged(known: Subscription, request: DeltaRequest, moment: Moment): Subscription {
  const { nonce, error } = request;
  if (nonce === "") return known;
  const { now, steps } = moment;
  if (error !== undefined) return settle(known, { nonce, error }, moment);
  return steps.acked(known, nonce, now, () => settle(known, { nonce }, moment));
}

function firstSubscription(
  state: StreamState,
  table: ResourceTable,
  request: DeltaRequest,
  moment: Moment,
): Subscription | undefined {
  const { typeUrl, initialVersions: versions } = request;
  const legacy = request.subscribe.length === 0 && rulesOf(typeUrl).emptyMeansAll;
  const wildcard = legacy || request.subscribe.includes(WILDCARD);
  const names = moment.names.edited(NO_NAMES, explicit(request.subscribe), []);
  if (!wildcard && names.size === 0) return undefined;
  const { accepted, missing, strays, gone } = heldByVersions(table, versions, moment.known);
  const isBack = versions.size > 0;
  const due = isBack && typeUrl === TYPE_URL.endpoint ? endpointsDue(state) : [];
  const lacked = missing(names);
  const waitedFor = moment.names.edited(
    lacked,
    due.filter((name) => names.has(name)),
    [],
  );
  // It may go on with that, and then all that it uses has to stay: see older-versions.ts.
  const left = rulesOf(typeUrl).usesClusters ? gone(lacked) : [];
  return subscription({
    typeUrl,
    style: "delta",
    wildcard,
    names,
    answersDue: waitedFor,
    removalsDue: wildcard ? moment.names.shared(strays()) : NO_NAMES,
    // A subscription by name is answered by `requested`, and from then on by what changes in the whole table.
    held: wildcard ? accepted : withEntries(table, left),
    accepted: wildcard ? accepted : withEntries(accepted, left),
    isResponseDue: wildcard && !isBack,
    resumedAt: isBack ? moment.now : undefined,
  });
}

interface HeldByVersions {
  readonly accepted: Table<Held>;
  /** Of names, those that it does not hold in the table's version. */
  readonly missing: (names: NameSet) => NameSet;
  /** What it holds besides and the table does not have. */
  readonly strays: () => NameSet;
  /** Of names, what it holds under those that the table does not have. */
  readonly gone: (names: NameSet) => readonly Entry[];
}

type Entry = readonly [string, Held];

function withEntries(table: Table<Held>, entries: readonly Entry[]): Table<Held> {
  return entries.reduce((result, [name, held]) => result.with(name, held), table);
}

/** What a client holds that says these versions. */
function heldByVersions(
  table: ResourceTable,
  versions: InitialVersions,
  known: KnownTables,
): HeldByVersions {
  if (versions.size === 0) {
    return {
      accepted: Table.empty(),
      missing: (names) => names,
      strays: () => NO_NAMES,
      gone: () => [],
    };
  }
  const before = known.find(versions, table);
  if (before === undefined) return heldByNames(table, versions.entries());
  // What is gone since is found as a difference.
  const missing = (names: NameSet): NameSet => known.missing(names, before, table);
  const gone = goneFrom(table, (name) => before.get(name));
  return { accepted: before, missing, strays: () => NO_NAMES, gone };
}

/** The part of a table that a client holds, with what it has in another version marked. */
function heldByNames(table: ResourceTable, versions: ReadonlyMap<string, string>): HeldByVersions {
  const current = new Set<string>();
  // It starts from the table, to share it: a client that comes back holds nearly all of it.
  let accepted: Table<Held> = table;
  table.forEach(({ version, standIn }, name) => {
    const known = versions.get(name);
    if (known === version) current.add(name);
    else if (known === undefined) accepted = accepted.without(name);
    else accepted = accepted.with(name, known === standIn?.version ? standIn : UNKNOWN_VERSION);
  });
  return {
    accepted,
    missing: (names) => subset(names, (name) => !current.has(name)),
    strays: () => subset(versions.keys(), (name) => !current.has(name) && !table.has(name)),
    gone: goneFrom(table, (name) => (versions.has(name) ? UNKNOWN_VERSION : undefined)),
  };
}

function goneFrom(
  table: ResourceTable,
  heldAt: (name: string) => Held | undefined,
): HeldByVersions["gone"] {
  return (names) =>
    [...names].flatMap((name): readonly Entry[] => {
      const held = table.has(name) ? undefined : heldAt(name);
      return held === undefined ? [] : [[name, held]];
    });
}

function resubscribed(
  before: Subscription,
  { subscribe, unsubscribe }: DeltaRequest,
  { names: pool }: Moment,
): Subscription {
  if (subscribe.length === 0 && unsubscribe.length === 0) return before;
  const added = explicit(subscribe);
  const taken = explicit(unsubscribe).filter((name) => before.names.has(name));
  const wildcard =
    subscribe.includes(WILDCARD) || (before.wildcard && !unsubscribe.includes(WILDCARD));
  // Under a wildcard a client may have dropped what it unsubscribes from by name, and is told what holds.
  const answersDue = wildcard
    ? pool.edited(before.answersDue, [...added, ...taken], [])
    : pool.edited(before.answersDue, added, taken);
  return edited(withoutHolding(wildcard ? widened(before) : before, added), {
    wildcard,
    names: pool.edited(before.names, added, taken),
    answersDue,
  });
}

function explicit(names: readonly string[]): readonly string[] {
  return names.includes(WILDCARD) ? names.filter((name) => name !== WILDCARD) : names;
}
