/** Which proxies are connected, and whether each has what it should hold. */
import type { ProxyType } from "../../mesh/proxy/proxy.js";
import { TYPE_URL } from "../../xds/resource.js";
import type { StreamStatus } from "../../xds/state/status/stream-status.js";
import type { ConnectedSession } from "./proxy-sessions.js";

/** A proxy that is connected. */
export interface ProxyStatus {
  /** `NAME.NAMESPACE`. */
  readonly id: string;
  readonly address: string;
  readonly type: ProxyType;
  /** It has accepted, or refused, all that it should hold. */
  readonly synced: boolean;
  /** What it said when it last refused something that it still does not hold. */
  readonly lastNack?: string;
}

/** The types that every proxy asks for: the second when it has the first. */
const ESSENTIAL = [TYPE_URL.cluster, TYPE_URL.listener];

/** What a proxy asks for is sent at once. One that came back with all of it is sent nothing, and so accepts nothing. */
function isSynced({ types }: StreamStatus): boolean {
  return (
    types.every(({ unjudged, isNotMade }) => unjudged === 0 && isNotMade !== true) &&
    ESSENTIAL.every((url) => types.some(({ typeUrl }) => typeUrl === url))
  );
}

/** The proxies that are connected, by id; of several streams of one proxy the latest counts. */
export function proxyStatuses(
  streams: readonly StreamStatus[],
  sessions: readonly ConnectedSession[],
): readonly ProxyStatus[] {
  const byId = new Map(sessions.map(({ connected: { proxy } }) => [proxy.id, proxy]));
  const statuses = new Map<string, ProxyStatus>();
  for (const stream of streams) {
    const proxy = byId.get(stream.session);
    if (proxy === undefined) continue;
    const refused = stream.types.find(({ quarantined }) => quarantined.length > 0)?.lastNacked;
    statuses.set(proxy.id, {
      id: proxy.id,
      address: proxy.address,
      type: proxy.type,
      synced: isSynced(stream),
      ...(refused === undefined ? {} : { lastNack: refused.error }),
    });
  }
  return [...statuses.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
