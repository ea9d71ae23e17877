/** What a client has to be told of a type, whatever may be sent of that now. */
import { versionOf } from "../../../base/version.js";
import type { ResourceTable } from "../../resource.js";
import type { Subscription } from "../subscription/subscription.js";
import { type Difference, difference, refusedOf } from "./difference.js";
import { setVersion, wholePayload } from "./payload.js";
import type { Payload } from "./response.js";

/** What a client has to be told, and the response that tells all of it. */
export interface Plan {
  readonly difference: Difference;
  /** undefined when there is nothing to tell. */
  readonly payload: Payload | undefined;
}

/** Makes plans. */
export type Planner = (subscription: Subscription, table: ResourceTable) => Plan;

/** The plan of one subscription, made of nothing but it and the table. */
export const planOf: Planner = (subscription, table) => {
  const found = difference(subscription, table);
  return { difference: found, payload: wholePayload(subscription, table, found) };
};

/**
 * The plan of a client that holds nothing, for a table that has all of another and a little more: the plan for the other,
 * which many streams share, and the rest behind it.
 */
export function extendedPlan(shared: Plan, base: ResourceTable, table: ResourceTable): Plan {
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
