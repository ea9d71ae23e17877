/** What a change of the configuration does to what proxies are sent. */
import type { JsonValue } from "@bufbuild/protobuf";
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

/** Proxies to which the same happens. */
export interface ProxyGroup {
  /** `NAME.NAMESPACE`, sorted. */
  readonly proxies: readonly string[];
  readonly changes: readonly EnvoyChange[];
}

/** Decodes a resource of a message type. */
export type Decode = (type: string, bytes: Buffer) => JsonValue;

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

/** The maker of differences between what a proxy is sent before and after; what proxies share is compared once. */
export function createEnvoyChanges(
  decode: Decode,
): (before: ResourceSets, after: ResourceSets) => readonly EnvoyChange[] {
  const known = new WeakMap<EnvoyResource, WeakMap<EnvoyResource, EnvoyChange>>();
  const changed = (row: TypeRow, before: EnvoyResource, after: EnvoyResource): EnvoyChange => {
    const others = known.get(before) ?? new WeakMap<EnvoyResource, EnvoyChange>();
    known.set(before, others);
    const change = others.get(after) ?? changeOf(row, before, after, decode);
    others.set(after, change);
    return change;
  };
  return (before, after) =>
    TYPES.flatMap((row) => {
      const [type, set] = row;
      const changes = after[set].changesFrom(before[set]).flatMap((one): readonly EnvoyChange[] => {
        const { key: name } = one;
        if (one.before === undefined) return [{ type, name, action: "added", places: [] }];
        if (one.after === undefined) return [{ type, name, action: "removed", places: [] }];
        if (one.before.version === one.after.version) return [];
        return [changed(row, one.before, one.after)];
      });
      return [...changes].sort((a, b) => (a.name < b.name ? -1 : 1));
    });
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

/** Proxies by what happens to them; those to which nothing does are left out. Groups are in the order of their first proxy. */
export function groupProxies(
  changes: ReadonlyMap<string, readonly EnvoyChange[]>,
): readonly ProxyGroup[] {
  const groups = new Map<string, { readonly proxies: string[] } & ProxyGroup>();
  for (const [proxy, own] of [...changes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (own.length === 0) continue;
    const key = JSON.stringify(own);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { proxies: [proxy], changes: own });
    else group.proxies.push(proxy);
  }
  return [...groups.values()];
}
