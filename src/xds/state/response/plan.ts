/** Computes once what many streams have to be told that hold the same and want the same. */

import type { Table } from "../../../base/table/table.js";
import { versionOf } from "../../../base/version.js";
import type { ResourceTable } from "../../resource.js";
import type { Held } from "../subscription/held.js";
import type { NameSet } from "../subscription/name-set.js";
import { edited, type Subscription } from "../subscription/subscription.js";
import { type Difference, difference, refusedOf } from "./difference.js";
import { setVersion, wholePayload } from "./payload.js";
import type { Payload, Style } from "./response.js";

/** What a client has to be told, and the response that tells all of it. */
export interface Plan {
  readonly difference: Difference;
  /** undefined when there is nothing to tell. */
  readonly payload: Payload | undefined;
}

/** Makes plans. */
export type Planner = (subscription: Subscription, table: ResourceTable) => Plan;

/** The plan of one subscription. */
const planOf: Planner = (subscription, table) => {
  const found = difference(subscription, table);
  return { difference: found, payload: wholePayload(subscription, table, found) };
};

/**
 * The plan of a client that holds nothing, for a table that has all of another and a little more: the plan for the other,
 * which many streams share, and the rest behind it.
 */
function extendedPlan(shared: Plan, base: ResourceTable, table: ResourceTable): Plan {
  const { payload: prefix, difference: known } = shared;
  const rest = table.changesFrom(base).flatMap(({ after }) => after ?? []);
  const changed = [...known.changed, ...rest];
  const refused = [...known.refused, ...refusedOf(rest)];
  const told: Difference = { changed, removed: known.removed, refused };
  if (prefix === undefined) return { difference: told, payload: undefined };
  const version = versionOf(`${prefix.version}\n${setVersion(rest)}`);
  const payload = { version, resources: changed, changed, removed: known.removed, prefix };
  return { difference: told, payload };
}

/** What of a table a client that holds nothing is told as clients of other tables are; undefined if that is nothing. */
function sharedBase(subscription: Subscription, table: ResourceTable): ResourceTable | undefined {
  const { style, wildcard, held, answersDue, removalsDue } = subscription;
  const isNew = held.size + answersDue.size + removalsDue.size === 0;
  if (style !== "delta" || !wildcard || !isNew) return undefined;
  let base = table.layers?.base;
  while (base?.layers !== undefined) base = base.layers.base;
  return base;
}

/**
 * What a client holds and what it should hold, without the layers that both have: what is different is in those below, which
 * clients with other tops share. A complete answer lists all layers, and what is asked for may be in any.
 */
function differingLayers(
  { style, held: allHeld, answersDue, removalsDue }: Subscription,
  all: ResourceTable,
): { readonly held: Table<Held>; readonly table: ResourceTable } {
  let [held, table] = [allHeld, all];
  if (style === "complete" || answersDue.size + removalsDue.size > 0) return { held, table };
  while (held.layers !== undefined && held.layers.top === table.layers?.top) {
    held = held.layers.base;
    table = table.layers.base;
  }
  return { held, table };
}

/** Everything that a plan depends on, beside the table. */
interface Key {
  readonly typeUrl: string;
  readonly style: Style;
  readonly held: Table<Held>;
  readonly wildcard: boolean;
  readonly mayHoldNackedParts: boolean;
  readonly names: NameSet;
  readonly answersDue: NameSet;
  readonly removalsDue: NameSet;
}

interface Entry {
  readonly key: Key;
  readonly plan: Plan;
}

/** For how many different clients of one table plans are remembered. */
const ENTRIES = 8;

/** How many payloads are remembered by their content. */
const PAYLOADS = 256;

/** A planner that remembers, so that streams which hold the same and want the same share one plan, and one response. */
export interface SharedPlanner {
  readonly plan: Planner;
  /** Forgets all plans; done when a burst is over, since they hold on to old tables. */
  forget(): void;
}

function keyOf(subscription: Subscription): Key {
  const { typeUrl, style, held, wildcard, mayHoldNackedParts, names, answersDue, removalsDue } =
    subscription;
  return { typeUrl, style, held, wildcard, mayHoldNackedParts, names, answersDue, removalsDue };
}

/** But for what is held. */
const sameKey = (a: Key, b: Key): boolean =>
  a.names === b.names &&
  a.answersDue === b.answersDue &&
  a.removalsDue === b.removalsDue &&
  a.wildcard === b.wildcard &&
  a.mayHoldNackedParts === b.mayHoldNackedParts &&
  a.style === b.style &&
  a.typeUrl === b.typeUrl;

/** See SharedPlanner. Values are compared by identity, which is why tables and sets of names are shared objects. */
export function createSharedPlanner(): SharedPlanner {
  let byTable = new WeakMap<ResourceTable, readonly Entry[]>();
  const payloads = new Map<string, Payload>();
  let serial = 0;

  /** The one payload of this content; tables that were made apart from each other often say the same. */
  function shared({ typeUrl, style }: Subscription, payload: Payload): Payload {
    const { version, removed, resources, changed } = payload;
    const content =
      resources === changed ? JSON.stringify([typeUrl, style, version, removed]) : undefined;
    const known = content === undefined ? undefined : payloads.get(content);
    if (known !== undefined) return known;
    serial += 1;
    const numbered = { ...payload, serial };
    if (content !== undefined) payloads.set(content, numbered);
    const [oldest] = payloads.keys();
    if (payloads.size > PAYLOADS && oldest !== undefined) payloads.delete(oldest);
    return numbered;
  }

  function made(subscription: Subscription, table: ResourceTable): Plan {
    const base = sharedBase(subscription, table);
    if (base !== undefined) return extendedPlan(plan(subscription, base), base, table);
    const found = planOf(subscription, table);
    return found.payload === undefined
      ? found
      : { ...found, payload: shared(subscription, found.payload) };
  }

  function plan(asking: Subscription, all: ResourceTable): Plan {
    const { held, table } = differingLayers(asking, all);
    const entries = byTable.get(table) ?? [];
    const known = entries.find(({ key }) => key.held === held && sameKey(key, asking));
    if (known !== undefined) return known.plan;
    const subscription = held === asking.held ? asking : edited(asking, { held });
    const result = made(subscription, table);
    const entry = { key: keyOf(subscription), plan: result };
    byTable.set(table, [entry, ...entries.slice(0, ENTRIES - 1)]);
    return result;
  }

  return {
    plan,
    forget() {
      byTable = new WeakMap();
      payloads.clear();
    },
  };
}
