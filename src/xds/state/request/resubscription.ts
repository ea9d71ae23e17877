/** What becomes of what a client holds when it asks for more than before. */

import { Table } from "../../../base/table/table.js";
import { type Held, withEntry } from "../subscription/held.js";
import { edited, type Subscription, wants } from "../subscription/subscription.js";

/**
 * A subscription that becomes a wildcard one. What stood under names that the client did not want was of no meaning, and
 * must not be taken for something that it holds.
 */
export function widened(subscription: Subscription): Subscription {
  if (subscription.wildcard) return subscription;
  return edited(subscription, {
    wildcard: true,
    isResponseDue: true,
    held: restricted(subscription.held, subscription.names),
    accepted: restricted(subscription.accepted, subscription.names),
  });
}

/** Before names are added to a subscription: the client has nothing under those that it did not want. */
export function withoutHolding(subscription: Subscription, added: readonly string[]): Subscription {
  let { held, accepted } = subscription;
  for (const name of added) {
    if (wants(subscription, name)) continue;
    held = without(held, name);
    accepted = without(accepted, name);
  }
  return edited(subscription, { held, accepted });
}

/** By a table, what was taken out of it last. */
const lastTaken = new WeakMap<Table<Held>, { readonly name: string; readonly rest: Table<Held> }>();

/** Streams that hold the same mostly take the same out of it, one after the other: then they hold the same again. */
function without(table: Table<Held>, name: string): Table<Held> {
  if (!table.has(name)) return table;
  const last = lastTaken.get(table);
  if (last?.name === name) return last.rest;
  const rest = table.without(name);
  lastTaken.set(table, { name, rest });
  return rest;
}

function restricted(table: Table<Held>, names: Iterable<string>): Table<Held> {
  let result = Table.empty<Held>();
  for (const name of names) result = withEntry(result, name, table.get(name));
  return result;
}
