/**
 * Computes once what many streams have to be told that hold the same and want the same. Values are compared by identity, which is
 * why tables and sets of names are shared objects.
 */
import type { Table } from "../../../base/table/table.js";
import type { ResourceTable } from "../../resource.js";
import type { Held } from "../subscription/held.js";
import { edited, type Subscription } from "../subscription/subscription.js";
import { createPayloadPool } from "./payload-pool.js";
import { extendedPlan, type Plan, type Planner, planOf } from "./plan.js";

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

/** Everything that a plan depends on, beside the table. A whole subscription would hold on to what was sent. */
type Key = Pick<
  Subscription,
  | "typeUrl"
  | "style"
  | "held"
  | "wildcard"
  | "mayHoldNackedParts"
  | "names"
  | "answersDue"
  | "removalsDue"
>;

interface Entry {
  readonly key: Key;
  readonly plan: Plan;
}

/** For how many different clients of one table plans are remembered. */
const ENTRIES = 8;

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

/** A planner that remembers nothing yet. */
export function createSharedPlanner(): SharedPlanner {
  let byTable = new WeakMap<ResourceTable, readonly Entry[]>();
  const payloads = createPayloadPool();

  function made(subscription: Subscription, table: ResourceTable): Plan {
    const base = sharedBase(subscription, table);
    if (base !== undefined) return extendedPlan(plan(subscription, base), base, table);
    const found = planOf(subscription, table);
    return found.payload === undefined
      ? found
      : { ...found, payload: payloads.shared(subscription, found.payload) };
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
      payloads.forget();
    },
  };
}
