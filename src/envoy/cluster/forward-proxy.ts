/**
 * Clusters whose hosts are known when they are called: Envoy looks their names up, and remembers what it found. See Envoy,
 * "Dynamic forward proxy".
 */
import { any } from "../any.js";
import type { CidrRangeJson, ClusterJson } from "../api.js";
import type { ClusterKey } from "../names.js";

/** The name by which Envoy knows the type of these. */
export const FORWARD_PROXY_CLUSTER = "envoy.clusters.dynamic_forward_proxy";

/** What DNS caches are named by, and who asks them. */
export interface LookUp {
  /** The names that share a cache. */
  readonly cache: string;
  /** Addresses that no name of it leads to. */
  readonly denied: readonly CidrRangeJson[];
}

/** A cache; all that name it must say the same of it. */
export function dnsCache({ cache, denied }: LookUp): object {
  return {
    name: cache,
    dnsLookupFamily: "V4_ONLY",
    ...(denied.length === 0 ? {} : { resolvedAddressFilter: { ranges: denied } }),
  };
}

/** Addresses of the machine itself. */
const LOOPBACK: CidrRangeJson = { addressPrefix: "127.0.0.0", prefixLen: 8 };

/** Where clouds tell machines their secrets, beside the addresses of the link: Alibaba's, Azure's and Oracle's. */
const CLOUD_METADATA = ["100.100.100.200", "168.63.129.16", "192.0.0.192"];

/** Those that mean the machine itself where one is called, those of its link, and where else clouds tell machines their secrets. */
const NEVER_CALLED: readonly CidrRangeJson[] = [
  { addressPrefix: "0.0.0.0", prefixLen: 8 },
  { addressPrefix: "169.254.0.0", prefixLen: 16 },
  ...CLOUD_METADATA.map((addressPrefix) => ({ addressPrefix, prefixLen: 32 })),
];

/**
 * How the names that a wildcard host stands for are looked up, by a cache for each of its ports: all clusters of a cache have
 * what is found for one. Whoever answers for one could else have the proxy call the
 * machine that it is on; a mesh that is on one machine, `onLoopback`, has no other addresses.
 */
export function wildcardLookUp(
  { hostname, port }: Pick<ClusterKey, "hostname" | "port">,
  onLoopback: boolean,
): LookUp {
  const cache = `${hostname}:${String(port)}`;
  return { cache, denied: onLoopback ? NEVER_CALLED : [...NEVER_CALLED, LOOPBACK] };
}

/** What makes a cluster one of these. `isVerified` says that in TLS servers have to be who was called. */
export function forwardProxy(
  lookUp: LookUp,
  { isVerified }: { readonly isVerified: boolean },
): Pick<ClusterJson, "clusterType" | "lbPolicy"> {
  return {
    lbPolicy: "CLUSTER_PROVIDED",
    clusterType: {
      name: FORWARD_PROXY_CLUSTER,
      typedConfig: any("envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig", {
        dnsCacheConfig: dnsCache(lookUp),
        ...(isVerified ? {} : { allowInsecureClusterOptions: true }),
      }),
    },
  };
}
