import { TYPE_URL } from "../xds/resource.js";
import type { TypeStatus } from "../xds/state/status/stream-status.js";

/** Where a proxy stands with one type of resource. Istio's words, and those of Envoy's client status discovery service. */
export type SyncStatus = "SYNCED" | "STALE" | "NOT_SENT" | "ERROR";

/** What people call the types, in the order in which istioctl lists them. */
export const SHORT_NAMES: readonly (readonly [string, string])[] = [
  [TYPE_URL.cluster, "CDS"],
  [TYPE_URL.listener, "LDS"],
  [TYPE_URL.endpoint, "EDS"],
  [TYPE_URL.route, "RDS"],
  [TYPE_URL.virtualHost, "VHDS"],
  [TYPE_URL.secret, "SDS"],
  [TYPE_URL.extensionConfig, "ECDS"],
];

const SHORT_NAME: ReadonlyMap<string, string> = new Map(SHORT_NAMES);

/** `CDS` and the like; the last part of the URL for a type that has no such name. */
export function shortName(typeUrl: string): string {
  return SHORT_NAME.get(typeUrl) ?? typeUrl.slice(typeUrl.lastIndexOf(".") + 1);
}

/** The types in the order in which istioctl lists them; those without a short name last. */
export function inTypeOrder(types: readonly TypeStatus[]): readonly TypeStatus[] {
  const rank = ({ typeUrl }: TypeStatus): number => {
    const at = SHORT_NAMES.findIndex(([known]) => known === typeUrl);
    return at < 0 ? SHORT_NAMES.length : at;
  };
  return [...types].sort((a, b) => rank(a) - rank(b));
}

/** A client that came back with all that it should hold is sent nothing, and is right so. */
export function syncStatusOf(type: TypeStatus): SyncStatus {
  if (type.quarantined.length > 0) return "ERROR";
  if (type.unjudged > 0) return "STALE";
  return type.lastSent === undefined && type.resumedAt === undefined ? "NOT_SENT" : "SYNCED";
}
