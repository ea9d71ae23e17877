/** Compares what a client holds with what it should hold. This is the heart of both protocols. */

import type { Table } from "../../../base/table/table.js";
import type { EncodedResource, ResourceTable } from "../../resource.js";
import { rulesOf } from "../../resource-type.js";
import { type Held, isResource, isSameVersion } from "../subscription/held.js";
import { type Subscription, wants } from "../subscription/subscription.js";

/** What a response can tell of a type. */
export interface Changes {
  /** New, changed, or asked for. */
  readonly changed: readonly EncodedResource[];
  /** Held and gone, or asked for and not there. */
  readonly removed: readonly string[];
}

/** What a client has to be told for it to hold what the view has. */
export interface Difference extends Changes {
  /** Names of what is changed that every client would refuse. */
  readonly refused: readonly string[];
}

/** The names of resources that every client would refuse. */
export function refusedOf(resources: readonly EncodedResource[]): readonly string[] {
  return resources.flatMap(({ name, refusal }) => (refusal === undefined ? [] : name));
}

/** The difference between what a subscription's client holds and what the view has. */
export function difference(subscription: Subscription, table: ResourceTable): Difference {
  const { held, answersDue, removalsDue, typeUrl } = subscription;
  const { staysWhenGone } = rulesOf(typeUrl);
  const changed: EncodedResource[] = [];
  const removed: string[] = [];
  const now: Table<Held> = table;
  for (const { key, before, after } of now.changesFrom(held)) {
    if (!wants(subscription, key)) continue;
    if (after === undefined) {
      if (!staysWhenGone) removed.push(key);
    } else if (isResource(after) && !isSameVersion(before, after)) changed.push(after);
  }
  for (const name of answersDue) {
    const resource = table.get(name);
    if (resource === undefined) {
      if (!held.has(name)) removed.push(name);
    } else if (isSameVersion(held.get(name), resource)) {
      changed.push(resource);
    }
  }
  for (const name of removalsDue) {
    const isGone = !table.has(name) && !answersDue.has(name);
    if (isGone && !staysWhenGone) removed.push(name);
  }
  return { changed, removed, refused: refusedOf(changed) };
}
