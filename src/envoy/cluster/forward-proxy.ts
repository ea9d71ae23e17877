/**
 * Clusters whose hosts Envoy looks up by DNS when they are called, and then remembers. See Envoy, "Dynamic forward proxy".
 */
import type { LookUpFamily } from "../../mesh/proxy/proxy.js";
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
  readonly family: LookUpFamily;
}

/** The family of the addresses that are asked for, as Envoy calls it. */
export const ONLY: Readonly<Record<LookUpFamily, "V4_ONLY" | "V6_ONLY">> = {
  ipv4: "V4_ONLY",
  ipv6: "V6_ONLY",
};

/** A cache; all that name it must say the same of it. */
export function dnsCache({ cache, denied, family }: LookUp): object {
  return {
    name: cache,
    dnsLookupFamily: ONLY[family],
    ...(denied.length === 0 ? {} : { resolvedAddressFilter: { ranges: denied } }),
  };
}

/** Loopback. The IPv6 range also has the unspecified address and the old IPv4-compatible ones. */
const LOOPBACK: Readonly<Record<LookUpFamily, CidrRangeJson>> = {
  ipv4: { addressPrefix: "127.0.0.0", prefixLen: 8 },
  ipv6: { addressPrefix: "::", prefixLen: 96 },
};

/** Metadata servers of clouds, from which machines get secrets, other than link-local ones: Alibaba's, Azure's, Oracle's. */
const CLOUD_METADATA = ["100.100.100.200", "168.63.129.16", "192.0.0.192"];

/** The same by IPv6: Amazon's, Google's and Oracle's. */
const CLOUD_METADATA_IPV6 = ["fd00:ec2::254", "fd20:ce::254", "fd00:c1::a9fe:a9fe"];

/** Addresses that are always denied: unspecified ones, which mean the own machine, link-local ones, and metadata servers. */
const NEVER_CALLED: Readonly<Record<LookUpFamily, readonly CidrRangeJson[]>> = {
  ipv4: [
    { addressPrefix: "0.0.0.0", prefixLen: 8 },
    { addressPrefix: "169.254.0.0", prefixLen: 16 },
    ...CLOUD_METADATA.map((addressPrefix) => ({ addressPrefix, prefixLen: 32 })),
  ],
  ipv6: [
    { addressPrefix: "::", prefixLen: 128 },
    // IPv4-mapped: the IPv4 addresses behind them may be denied ones.
    { addressPrefix: "::ffff:0:0", prefixLen: 96 },
    { addressPrefix: "fe80::", prefixLen: 10 },
    ...CLOUD_METADATA_IPV6.map((addressPrefix) => ({ addressPrefix, prefixLen: 128 })),
  ],
};

/** Who looks names up. */
export interface LookUpCaller {
  /** It, and all that it calls, is on one machine. */
  readonly onLoopback: boolean;
  readonly looksUp: LookUpFamily;
}

/**
 * How the names that a wildcard host stands for are looked up. Each of its ports has a cache of its own, since all clusters of a
 * cache share what is found. Some addresses are denied, or whoever answers for a name could make the proxy call its own machine
 * or the cloud's metadata server. In a mesh on one machine (`onLoopback`) loopback is not denied: there are no other addresses.
 */
export function wildcardLookUp(
  { hostname, port }: Pick<ClusterKey, "hostname" | "port">,
  { onLoopback, looksUp: family }: LookUpCaller,
): LookUp {
  const cache = `${hostname}:${String(port)}`;
  const never = NEVER_CALLED[family];
  return { cache, family, denied: onLoopback ? never : [...never, LOOPBACK[family]] };
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
