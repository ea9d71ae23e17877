import { compareChanges, type EnvoyChange, type NumberedChange } from "./envoy-changes.js";

/** Proxies to which the same happens. */
export interface ProxyGroup {
  /** `NAME.NAMESPACE`, in the order in which they were added. */
  readonly proxies: readonly string[];
  readonly changes: readonly EnvoyChange[];
}

/** Proxies by what happens to them. */
export interface ProxyGroups {
  /** One to which nothing happens is in no group. */
  readonly add: (proxy: string, changes: readonly NumberedChange[]) => void;
  /** In the order of their first proxies. */
  readonly list: () => readonly ProxyGroup[];
}

/** No proxies. */
export function createProxyGroups(): ProxyGroups {
  const groups = new Map<string, ProxyGroup & { readonly proxies: string[] }>();
  return {
    add: (proxy, changes) => {
      if (changes.length === 0) return;
      const key = Uint32Array.from(changes, ({ number }) => number)
        .sort()
        .join();
      const group = groups.get(key);
      if (group !== undefined) group.proxies.push(proxy);
      else {
        const sorted = changes.map(({ change }) => change).sort(compareChanges);
        groups.set(key, { proxies: [proxy], changes: sorted });
      }
    },
    list: () => [...groups.values()],
  };
}
