import type { Table } from "../base/table.js";
import { type Difference, difference } from "./difference.js";
import type { NameSet } from "./names.js";
import { wholePayload } from "./payload.js";
import type { ResourceTable } from "./resource.js";
import type { Held, Payload, Style, Subscription } from "./subscription.js";

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

/** Everything that a plan depends on, beside the table. */
interface Key {
  readonly typeUrl: string;
  readonly style: Style;
  readonly held: Table<Held>;
  readonly wildcard: boolean;
  readonly isDoubtful: boolean;
  readonly names: NameSet;
  readonly requested: NameSet;
  readonly strays: NameSet;
}

interface Entry {
  readonly key: Key;
  readonly plan: Plan;
}

/** So many different clients of one table are remembered. */
const ENTRIES = 8;

/** So many payloads are remembered by their content. */
const PAYLOADS = 256;

/** A planner that remembers, so that streams which hold the same and want the same share one plan, and one response. */
export interface SharedPlanner {
  readonly plan: Planner;
  /** Forgets all plans; done when a burst is over, since they hold on to old tables. */
  forget(): void;
}

function keyOf(subscription: Subscription): Key {
  const { typeUrl, style, held, wildcard, isDoubtful, names, requested, strays } = subscription;
  return { typeUrl, style, held, wildcard, isDoubtful, names, requested, strays };
}

const sameKey = (a: Key, b: Key): boolean =>
  a.held === b.held &&
  a.names === b.names &&
  a.requested === b.requested &&
  a.strays === b.strays &&
  a.wildcard === b.wildcard &&
  a.isDoubtful === b.isDoubtful &&
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

  return {
    plan(subscription, table) {
      const entries = byTable.get(table) ?? [];
      const known = entries.find(({ key }) => sameKey(key, subscription));
      if (known !== undefined) return known.plan;
      const found = planOf(subscription, table);
      const plan =
        found.payload === undefined
          ? found
          : { ...found, payload: shared(subscription, found.payload) };
      byTable.set(table, [{ key: keyOf(subscription), plan }, ...entries.slice(0, ENTRIES - 1)]);
      return plan;
    },
    forget() {
      byTable = new WeakMap();
      payloads.clear();
    },
  };
}
