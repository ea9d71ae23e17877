/** The subscription after a response, without the response itself among those in flight. */
import type { Table } from "../../../base/table/table.js";
import type { ResourceTable } from "../../resource.js";
import { type Held, isResource, withEntry } from "../subscription/held.js";
import { NO_NAMES, subset } from "../subscription/name-set.js";
import {
  edited,
  isRejected,
  lastGoodVersion,
  type Subscription,
} from "../subscription/subscription.js";

const NONE: Subscription["suspectGroups"] = [];

/** When its client was told all of a table, or what differs is not wanted or cannot be told. */
export function upToDate(subscription: Subscription, table: ResourceTable): Subscription {
  return edited(subscription, {
    answersDue: NO_NAMES,
    removalsDue: NO_NAMES,
    suspectGroups: NONE,
    held: table,
  });
}

/** When its client was told all of a table but for the withheld names, which stay as they are. */
export function toldExcept(
  subscription: Subscription,
  table: ResourceTable,
  withheld: ReadonlySet<string>,
): Subscription {
  const { style, removalsDue, answersDue } = subscription;
  let held: Table<Held> = table;
  for (const name of withheld) {
    const entry =
      style === "complete" ? lastGoodVersion(subscription, name) : heldNow(subscription, name);
    held = withEntry(held, name, entry);
  }
  // Who asks for what it refused was answered with something else.
  const isStillDue = (name: string): boolean => {
    const resource = table.get(name);
    const isRefused = resource !== undefined && isRejected(subscription, resource);
    return withheld.has(name) && !isRefused;
  };
  return edited(subscription, {
    held,
    removalsDue: subset(removalsDue, (name) => withheld.has(name)),
    answersDue: subset(answersDue, isStillDue),
  });
}

/** What the client holds under a name; what a subscription by name began with is not held if it was never sent. */
function heldNow({ held, accepted }: Subscription, name: string): Held | undefined {
  const entry = held.get(name);
  return isResource(entry) && entry.refusal !== undefined ? accepted.get(name) : entry;
}
