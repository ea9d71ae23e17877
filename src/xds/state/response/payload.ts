/** Makes the content of a response from what a client has to be told, in the form that its protocol and the type ask for. */

import { versionOf } from "../../../base/version.js";
import type { EncodedResource, ResourceTable } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import { lastGoodVersion, type Subscription, wants } from "../subscription/subscription.js";
import type { Changes } from "./difference.js";
import type { Payload } from "./response.js";

/** The version of a set of resources, and of names that are said to have none: equal for equal names and contents. */
export function setVersion(
  resources: Iterable<EncodedResource>,
  absent: Iterable<string> = [],
): string {
  let text = "";
  for (const { name, version } of resources) text += `${name}\n${version}\n`;
  for (const name of absent) text += `${name}\n\n`;
  return versionOf(text);
}

/** All that the client wants of a table, in the table's order for a wildcard subscription, else in that of the names. */
function wanted(subscription: Subscription, table: ResourceTable): readonly EncodedResource[] {
  if (subscription.wildcard) return [...table.values()];
  return [...subscription.names].flatMap((name) => table.get(name) ?? []);
}

/** The response that tells a whole difference; undefined if there is nothing that a response of this style can tell. */
export function wholePayload(
  subscription: Subscription,
  table: ResourceTable,
  { changed, removed }: Changes,
): Payload | undefined {
  switch (subscription.style) {
    case "complete":
      if (changed.length === 0 && removed.length === 0) return undefined;
      return complete(subscription, wanted(subscription, table), { changed, removed });
    case "partial": {
      const absent = sayableAbsent(subscription, removed);
      if (changed.length === 0 && absent.length === 0) return undefined;
      return { ...payload(changed, changed, absent), version: setVersion(changed, absent) };
    }
    case "delta":
      if (changed.length === 0 && removed.length === 0) return undefined;
      return payload(changed, changed, removed);
  }
}

/** Of what is not there, that of which a partial answer says so: what the client asks for, where its type has a form for it. */
function sayableAbsent(
  { typeUrl, answersDue }: Subscription,
  removed: readonly string[],
): readonly string[] {
  if (rulesOf(typeUrl).nothingOf === undefined) return [];
  return removed.filter((name) => answersDue.has(name));
}

/** The response that tells a difference but for some names, which stay as the client holds them. */
export function payloadWithout(
  subscription: Subscription,
  table: ResourceTable,
  difference: Changes,
  withheld: ReadonlySet<string>,
): Payload | undefined {
  const told = {
    changed: difference.changed.filter(({ name }) => !withheld.has(name)),
    removed: difference.removed.filter((name) => !withheld.has(name)),
  };
  if (subscription.style !== "complete") return wholePayload(subscription, table, told);
  if (told.changed.length === 0 && told.removed.length === 0) return undefined;
  return completePayload(subscription, table, told, withheld);
}

/** The complete answer in which some names have the content that the client holds, or are left out if it holds none. */
export function completePayload(
  subscription: Subscription,
  table: ResourceTable,
  difference: Changes,
  withheld: ReadonlySet<string>,
): Payload {
  const resources = wanted(subscription, table).flatMap((resource) =>
    withheld.has(resource.name) ? (lastGoodVersion(subscription, resource.name) ?? []) : resource,
  );
  // A removal that is withheld stays in the set.
  for (const name of withheld) {
    if (table.has(name) || !wants(subscription, name)) continue;
    const content = lastGoodVersion(subscription, name);
    if (content !== undefined) resources.push(content);
  }
  return complete(subscription, resources, difference);
}

/** What a client has of a set that it refused is not known, so all of the next set may be new to it. */
function complete(
  { mayHoldNackedParts }: Subscription,
  resources: readonly EncodedResource[],
  { changed, removed }: Changes,
): Payload {
  return payload(resources, mayHoldNackedParts ? resources : changed, removed);
}

/** The answer that there is nothing. */
export function emptyPayload(): Payload {
  return payload([], [], []);
}

function payload(
  resources: readonly EncodedResource[],
  changed: readonly EncodedResource[],
  removed: readonly string[],
): Payload {
  return { version: setVersion(resources), resources, changed, removed };
}
