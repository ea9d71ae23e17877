/** Where the bytes of a connection are sent that is not HTTP: clusters with weights, and what policies say of the way there. */
import { defined } from "../../base/defined.js";
import { type AddressFamilies, lookUpFamily } from "../../mesh/proxy/proxy.js";
import type { EffectivePolicy } from "../../mesh/routing/traffic-policy.js";
import type { FilterJson } from "../api.js";
import { wildcardLookUp } from "../cluster/forward-proxy.js";
import { goDuration } from "../duration.js";
import { sniForwardProxy, type TcpWay } from "../filter/network-filters.js";
import { type ClusterKey, outboundClusterName } from "../names.js";

/** The clusters to which the bytes of a connection are sent. */
export interface TcpTarget {
  readonly clusters: readonly { readonly name: string; readonly weight: number }[];
  /** What DestinationRules say of how it is reached; of several clusters, of the first. */
  readonly way?: TcpWay;
  /** One of its clusters is also called for HTTP, and would announce HTTP by ALPN. */
  readonly mixed?: boolean;
  /** Of a host that is a wildcard: the server name of a connection is looked up. */
  readonly lookUp?: SniLookUp;
}

/** The port of a host whose names are looked up, and the one that is called. */
interface SniLookUp extends Pick<ClusterKey, "hostname" | "port"> {
  readonly called: number;
}

/** The proxy that looks names up. */
interface LookingUp {
  readonly onLoopback: boolean;
  readonly families: AddressFamilies;
}

/** Looks up what a target calls, where it is to be looked up. */
export function lookUpFilter(
  { lookUp }: TcpTarget,
  { onLoopback, families }: LookingUp,
): readonly FilterJson[] {
  if (lookUp === undefined) return [];
  const caller = { onLoopback, looksUp: lookUpFamily(families) };
  return [sniForwardProxy(wildcardLookUp(lookUp, caller), lookUp.called)];
}

/** What a policy says of the way to a cluster. See Istio, TunnelSettings, ConsistentHashLB and TCPSettings. */
function wayOf({ tunnel, loadBalancer, connectionPool }: EffectivePolicy): TcpWay {
  const { idleTimeout, maxConnectionDuration } = connectionPool?.tcp ?? {};
  return {
    ...defined({
      tunnel,
      idleTimeout: goDuration(idleTimeout),
      maxConnectionDuration: goDuration(maxConnectionDuration),
    }),
    ...(loadBalancer?.consistentHash?.useSourceIp === true ? { bySourceIp: true } : {}),
  };
}

/** The policy for where a connection goes, as far as it may concern the way there. */
export type PolicyOf = (key: ClusterKey) => EffectivePolicy;

/** Some clusters, at least one, as a target. */
export function targetOf(
  targets: readonly { readonly key: ClusterKey; readonly weight: number }[],
  policyOf: PolicyOf,
): TcpTarget {
  const clusters = targets.map(({ key, weight }) => ({ name: outboundClusterName(key), weight }));
  const [first] = targets;
  if (first === undefined) return { clusters };
  // The policy of one subset does not hold for the others.
  const subset = targets.length === 1 ? first.key.subset : "";
  const way = wayOf(policyOf({ ...first.key, subset }));
  return Object.keys(way).length > 0 ? { clusters, way } : { clusters };
}
