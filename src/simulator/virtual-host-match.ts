import type { RouteConfigurationJson, VirtualHostJson } from "../envoy/api.js";

/** A virtual host, and the domain by which it was found. */
export interface VirtualHostMatch {
  readonly virtualHost: VirtualHostJson;
  readonly domain: string;
}

const PORT = /:\d+$/;

/** How well a domain stands for a host: undefined when it does not. */
type Rank = readonly [kind: number, length: number] | undefined;

function rank(domain: string, host: string): Rank {
  const wanted = domain.toLowerCase();
  if (wanted === host) return [3, 0];
  if (wanted === "*") return [0, 0];
  const isLonger = host.length >= wanted.length;
  if (wanted.startsWith("*") && isLonger && host.endsWith(wanted.slice(1)))
    return [2, wanted.length];
  if (wanted.endsWith("*") && isLonger && host.startsWith(wanted.slice(0, -1))) {
    return [1, wanted.length];
  }
  return undefined;
}

function isBetter(a: Rank, b: Rank): boolean {
  if (a === undefined) return false;
  return b === undefined || a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
}

/**
 * The virtual host of a request: by its exact name, else by the longest wildcard at the front, else by the longest at the
 * end, else `*`; names are compared without case. See Envoy, VirtualHost.domains.
 */
export function matchVirtualHost(
  { virtualHosts = [], ignorePortInHostMatching }: RouteConfigurationJson,
  authority: string,
): VirtualHostMatch | undefined {
  const host = (
    ignorePortInHostMatching === true ? authority.replace(PORT, "") : authority
  ).toLowerCase();
  let found: (VirtualHostMatch & { readonly rank: Rank }) | undefined;
  for (const virtualHost of virtualHosts) {
    for (const domain of virtualHost.domains ?? []) {
      const own = rank(domain, host);
      if (isBetter(own, found?.rank)) found = { virtualHost, domain, rank: own };
    }
  }
  return found;
}
