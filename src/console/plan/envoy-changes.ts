/** What a change of the configuration does to what proxies are sent. */
import type { Change } from "../../base/table.js";
import { MESSAGE } from "../../envoy/part/envoy-types.js";
import type { EnvoyResource, ResourceSets } from "../../envoy/resource-set.js";
import { type JsonDifference, jsonDifferences } from "../json-differences.js";

/** What becomes of one resource. */
export interface EnvoyChange {
  /** As people call it: `cluster`. */
  readonly type: string;
  readonly name: string;
  readonly action: "added" | "changed" | "removed";
  /** Of one that is changed. A secret's are not told. */
  readonly places: readonly JsonDifference[];
}

/** A change, and a number that only equal changes have. */
export interface NumberedChange {
  readonly number: number;
  readonly change: EnvoyChange;
}

/** Decodes a resource of a message type. */
export type Decode = (type: string, bytes: Buffer) => unknown;

/** Routes are told apart from their virtual hosts, so that a change of one host is no change of a whole table. */
const TYPES = [
  ["cluster", "clusters", MESSAGE.cluster],
  ["endpoints", "endpoints", MESSAGE.endpoint],
  ["listener", "listeners", MESSAGE.listener],
  ["routes", "splitRoutes", MESSAGE.route],
  ["virtual host", "virtualHosts", MESSAGE.virtualHost],
  ["secret", "secrets", MESSAGE.secret],
] as const;

type TypeRow = (typeof TYPES)[number];

/** Differences between what a proxy is sent before and after, in order; made in steps of one resource. */
export type EnvoyChanges = (
  before: ResourceSets,
  after: ResourceSets,
) => Generator<void, readonly NumberedChange[]>;

/** The maker of differences; what proxies share is compared once. */
export function createEnvoyChanges(decode: Decode): EnvoyChanges {
  const numbered = createNumbers();
  const known = new WeakMap<EnvoyResource, WeakMap<EnvoyResource, NumberedChange>>();
  const changed = (row: TypeRow, before: EnvoyResource, after: EnvoyResource): NumberedChange => {
    const others = known.get(before) ?? new WeakMap<EnvoyResource, NumberedChange>();
    known.set(before, others);
    const change = others.get(after) ?? numbered(changeOf(row, before, after, decode));
    others.set(after, change);
    return change;
  };
  const told = (row: TypeRow, one: Change<EnvoyResource>): NumberedChange | undefined => {
    const { key: name, before, after } = one;
    if (before === undefined) return numbered({ type: row[0], name, action: "added", places: [] });
    if (after === undefined) return numbered({ type: row[0], name, action: "removed", places: [] });
    return before.version === after.version ? undefined : changed(row, before, after);
  };
  return function* (before, after) {
    const all: NumberedChange[] = [];
    for (const row of TYPES) {
      const own: NumberedChange[] = [];
      for (const one of after[row[1]].changesFrom(before[row[1]])) {
        const change = told(row, one);
        if (change !== undefined) own.push(change);
        yield;
      }
      all.push(...own.sort((a, b) => (a.change.name < b.change.name ? -1 : 1)));
    }
    return all;
  };
}

/** Numbers changes; of those that are equal all are the first. */
function createNumbers(): (change: EnvoyChange) => NumberedChange {
  const byText = new Map<string, NumberedChange>();
  return (change) => {
    const text = JSON.stringify(change);
    const numbered = byText.get(text) ?? { number: byText.size, change };
    byText.set(text, numbered);
    return numbered;
  };
}

function changeOf(
  [type, set, message]: TypeRow,
  before: EnvoyResource,
  after: EnvoyResource,
  decode: Decode,
): EnvoyChange {
  const places =
    set === "secrets"
      ? []
      : jsonDifferences(decode(message, before.bytes), decode(message, after.bytes));
  return { type, name: after.name, action: "changed", places };
}
