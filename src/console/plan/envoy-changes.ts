/** What a change of the configuration does to what proxies are sent. */
import type { Change } from "../../base/table/table.js";
import { MESSAGE } from "../../envoy/resource/message-types.js";
import type {
  EnvoyResource,
  ResourceSet,
  ResourceSets,
} from "../../envoy/resource/resource-set.js";
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
  ["extension", "extensions", MESSAGE.extensionConfig],
] as const;

type TypeRow = (typeof TYPES)[number];

/** The set in which resources are that a change calls so, and the type of their message. */
export function setOfType(
  type: string,
): { readonly set: TypeRow[1]; readonly message: string } | undefined {
  const row = TYPES.find(([word]) => word === type);
  return row && { set: row[1], message: row[2] };
}

/** Differences between what a proxy is sent before and after, in no order; a step is one that was not known. */
export type EnvoyChanges = (
  before: ResourceSets,
  after: ResourceSets,
) => Generator<void, readonly NumberedChange[]>;

/** What something was, and what it has become of that. */
interface Become<Before, Result> {
  readonly before: Before;
  readonly result: Result;
}

/**
 * The maker of differences. What proxies share is compared once: tables as a whole, and the resources of tables that many
 * have with a few of their own.
 */
export function createEnvoyChanges(decode: Decode): EnvoyChanges {
  const numbered = createNumbers();
  const resources = new WeakMap<EnvoyResource, Become<EnvoyResource, NumberedChange>>();
  const tables = new WeakMap<ResourceSet, Become<ResourceSet, readonly NumberedChange[]>>();
  const knownOf = ({ before, after }: Change<EnvoyResource>): NumberedChange | undefined => {
    const known = after && resources.get(after);
    return known !== undefined && known.before === before ? known.result : undefined;
  };
  const made = (row: TypeRow, one: Change<EnvoyResource>): NumberedChange => {
    const { key: name, before, after } = one;
    if (before === undefined) return numbered({ type: row[0], name, action: "added", places: [] });
    if (after === undefined) return numbered({ type: row[0], name, action: "removed", places: [] });
    const result = numbered(changeOf(row, before, after, decode));
    resources.set(after, { before, result });
    return result;
  };
  function* changesOf(
    row: TypeRow,
    before: ResourceSet,
    after: ResourceSet,
  ): Generator<void, readonly NumberedChange[]> {
    const known = tables.get(after);
    if (known?.before === before) return known.result;
    const result: NumberedChange[] = [];
    for (const one of after.changesFrom(before)) {
      if (one.before?.version === one.after?.version) continue;
      const told = knownOf(one);
      result.push(told ?? made(row, one));
      if (told === undefined) yield;
    }
    tables.set(after, { before, result });
    return result;
  }
  return function* (before, after) {
    const all: (readonly NumberedChange[])[] = [];
    for (const row of TYPES) all.push(yield* changesOf(row, before[row[1]], after[row[1]]));
    const [first = [], ...others] = all;
    return first.concat(...others);
  };
}

/** The order in which changes are shown: by type, then by name. */
export function compareChanges(a: EnvoyChange, b: EnvoyChange): number {
  return rankOf(a) - rankOf(b) || (a.name < b.name ? -1 : 1);
}

const rankOf = ({ type }: EnvoyChange): number => TYPES.findIndex(([word]) => word === type);

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
