/** What builders of a proxy are shown before what is in force: see createDiscovery. */
import type { ConnectedProxy } from "../envoy/proxy-resources.js";
import type { Proxy } from "../mesh/proxy.js";

/** See the top of this file. */
export interface FirstSight {
  /** Has it shown when a proxy is new, and none was shown it that shares its builders. */
  readonly of: (connected: ConnectedProxy) => void;
  /** Builders may be forgotten, and be new when they are made again. */
  readonly forget: () => void;
}

/** `show` says whether there is anything to be shown now. */
export function createFirstSight(show: (connected: ConnectedProxy) => boolean): FirstSight {
  const met = new WeakSet<ConnectedProxy>();
  const shown = new Set<string>();
  return {
    of: (connected) => {
      if (met.has(connected)) return;
      met.add(connected);
      const alike = alikeOf(connected.proxy);
      if (alike !== undefined && shown.has(alike)) return;
      if (show(connected) && alike !== undefined) shown.add(alike);
    },
    forget: () => {
      shown.clear();
    },
  };
}

/** The same for proxies that share what calls out; gateways share nothing. */
export function alikeOf({ type, namespace, labels, mode }: Proxy): string | undefined {
  return type === "router" ? undefined : JSON.stringify([namespace, labels, mode]);
}
