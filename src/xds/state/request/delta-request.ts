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

import type { Table } from "../../../base/table/table.js";
import { type ResourceTable, TYPE_URL } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import type { Moment } from "../moment.js";
import { endpointsInDemand } from "../order/endpoints-of-clusters.js";
import { type StreamState, subscriptionTo, withSubscription } from "../stream-state.js";
import type { Held } from "../subscription/held.js";
import { NO_NAMES } from "../subscription/name-set.js";
import { edited, type Subscription, subscription } from "../subscription/subscription.js";
import { afterVerdict } from "../verdict/another-chance.js";
import { settle } from "../verdict/settle.js";
import { type HeldEntry, heldAtStart } from "./held-at-start.js";
import type { InitialVersions } from "./initial-versions.js";
import { widened, withoutHolding } from "./resubscription.js";
import { isLegacyWildcard, WILDCARD } from "./wildcard.js";

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
  return afterVerdict(withSubscription(state, after), known);
}

/** The subscription after what a request says of a response. */
function judged(known: Subscription, request: DeltaRequest, moment: Moment): Subscription {
  const { nonce, error } = request;
  if (nonce === "") return known;
  const { now, steps } = moment;
  if (error !== undefined) return settle(known, { nonce, error }, moment);
  return steps.acked(known, nonce, now, () => settle(known, { nonce }, moment));
}

/** The subscription of a first request; undefined when it asks for nothing. */
function firstSubscription(
  state: StreamState,
  table: ResourceTable,
  { typeUrl, subscribe, initialVersions }: DeltaRequest,
  { names: pool, known, now }: Moment,
): Subscription | undefined {
  const wildcard = isLegacyWildcard(typeUrl, subscribe) || subscribe.includes(WILDCARD);
  const names = pool.edited(NO_NAMES, explicit(subscribe), []);
  if (!wildcard && names.size === 0) return undefined;
  const isBack = initialVersions.size > 0;
  const start = heldAtStart(table, initialVersions, known);
  const { accepted } = start;
  const lacked = start.lacked(names);
  const toWarm = isBack && typeUrl === TYPE_URL.endpoint ? endpointsInDemand(state) : [];
  const answersDue = pool.edited(
    lacked,
    toWarm.filter((name) => names.has(name)),
    [],
  );
  const resumedAt = isBack ? now : undefined;
  if (wildcard) {
    return subscription({
      typeUrl,
      style: "delta",
      wildcard,
      names,
      held: accepted,
      accepted,
      resumedAt,
      isResponseDue: !isBack,
      answersDue,
      removalsDue: pool.shared(start.unknown()),
    });
  }
  // It may go on with that, and then all that it uses has to stay: see older-versions.ts.
  const gone = rulesOf(typeUrl).usesClusters ? start.gone(lacked) : [];
  return subscription({
    typeUrl,
    style: "delta",
    names,
    // What it lacks is answered by name, and from then on it is told what changes in the whole table.
    held: withEntries(table, gone),
    accepted: withEntries(accepted, gone),
    resumedAt,
    answersDue,
  });
}

function withEntries(table: Table<Held>, entries: readonly HeldEntry[]): Table<Held> {
  return entries.reduce((result, [name, held]) => result.with(name, held), table);
}

/** The subscription after the names that a request asks for, or asks for no more. */
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
