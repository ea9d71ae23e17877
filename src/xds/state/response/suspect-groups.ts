/** Keeps the groups of suspects (Subscription.suspectGroups) to what a difference has to tell. */
import type { EncodedResource } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import { edited, isRejected, type Subscription } from "../subscription/subscription.js";
import type { Difference } from "./difference.js";

/** The subscription without suspects that the view has replaced, and with those whose type has them go one by one. */
export function withSuspectGroups(
  subscription: Subscription,
  { changed }: Difference,
): Subscription {
  return oneByOne(withCurrentSuspects(subscription, changed), changed);
}

/** Suspects that the view has replaced meanwhile are none any more. */
function withCurrentSuspects(
  subscription: Subscription,
  changed: readonly EncodedResource[],
): Subscription {
  if (subscription.suspectGroups.length === 0) return subscription;
  const due = changed.filter((resource) => !isRejected(subscription, resource));
  const versions = new Map(due.map(({ name, version }) => [name, version]));
  const suspectGroups = subscription.suspectGroups
    .map((group) => group.filter(({ name, version }) => versions.get(name) === version))
    .filter((group) => group.length > 0);
  return edited(subscription, { suspectGroups });
}

/** Of a type whose resources go one by one, each goes as what is suspected does. */
function oneByOne(subscription: Subscription, changed: readonly EncodedResource[]): Subscription {
  if (changed.length < 2 || !rulesOf(subscription.typeUrl).oneByOne) return subscription;
  const known = new Set(subscription.suspectGroups.flat());
  const others = changed.filter((it) => !known.has(it) && !isRejected(subscription, it));
  const suspectGroups = [...subscription.suspectGroups, ...others.map((resource) => [resource])];
  return edited(subscription, { suspectGroups });
}
