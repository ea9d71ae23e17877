/** What builders of a proxy are shown before what is in force: see createDiscovery. */
import { GROUP_METADATA } from "../../config/node-metadata.js";
import type { ConnectedProxy } from "../../envoy/proxy/connected-proxy.js";
import type { ProxySets } from "../../envoy/resource/resource-set.js";
import type { Proxy } from "../../mesh/proxy/proxy.js";

/** See the top of this file. */
export interface FirstSight {
  /** Has it shown when a proxy is new, and none was shown it that shares its builders: what they made of it, if so. */
  readonly of: (connected: ConnectedProxy) => ProxySets | undefined;
  /** Builders may be forgotten, and be new when they are made again. */
  readonly forget: () => void;
}

/** `show` has what is made of it; undefined when there is nothing to be shown now. */
export function createFirstSight(
  show: (connected: ConnectedProxy) => ProxySets | undefined,
): FirstSight {
  const met = new WeakSet<ConnectedProxy>();
  const shown = new Set<string>();
  return {
    of: (connected) => {
      if (met.has(connected)) return undefined;
      met.add(connected);
      const alike = alikeOf(connected.proxy);
      if (alike !== undefined && shown.has(alike)) return undefined;
      const made = show(connected);
      if (made !== undefined && alike !== undefined) shown.add(alike);
      return made;
    },
    forget: () => {
      shown.clear();
    },
  };
}

/** The same for proxies that share what calls out; gateways share nothing. */
export function alikeOf(proxy: Proxy): string | undefined {
  const { type, namespace, labels, mode, serviceAccount, metadata } = proxy;
  if (type === "router") return undefined;
  // A group gives labels to those of its service account.
  const group = metadata[GROUP_METADATA];
  const member = group === undefined ? [] : [group, serviceAccount];
  return JSON.stringify([namespace, labels, mode, ...member]);
}
