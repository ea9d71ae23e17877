import Type from "typebox";
import {
  Double,
  Duration,
  Flag,
  list,
  mapOf,
  oneOf,
  optional,
  strict,
  Text,
  Uint32,
  Uint64,
  type ValueOf,
} from "./fields.js";

/** A name and value behind the value of a Set-Cookie header. */
export const HTTPCookieAttribute = strict({ name: Text, value: optional(Text) });
export type HTTPCookieAttribute = ValueOf<typeof HTTPCookieAttribute>;

/** The cookie that a client is recognised by; made when it is absent and `ttl` is given. */
export const HTTPCookie = strict({
  name: Text,
  path: optional(Text),
  ttl: optional(Duration),
  attributes: optional(list(HTTPCookieAttribute)),
});
export type HTTPCookie = ValueOf<typeof HTTPCookie>;

/** Soft session affinity: what is hashed, and onto which kind of table. */
export const ConsistentHashLB = strict({
  httpHeaderName: optional(Text),
  httpCookie: optional(HTTPCookie),
  useSourceIp: optional(Flag),
  httpQueryParameterName: optional(Text),
  ringHash: optional(strict({ minimumRingSize: optional(Uint64) })),
  maglev: optional(strict({ tableSize: optional(Uint64) })),
  minimumRingSize: optional(Uint64),
});
export type ConsistentHashLB = ValueOf<typeof ConsistentHashLB>;

/** Weights of the localities that traffic from one locality goes to: `region/zone/*` to a percentage. */
export const LocalityDistribute = strict({
  from: optional(Text),
  to: optional(mapOf(Uint32)),
});
export type LocalityDistribute = ValueOf<typeof LocalityDistribute>;

/** The region that takes over when the endpoints of another become unhealthy. */
export const LocalityFailover = strict({ from: optional(Text), to: optional(Text) });
export type LocalityFailover = ValueOf<typeof LocalityFailover>;

/** Load balancing by where caller and endpoints are. */
export const LocalityLoadBalancerSetting = strict({
  distribute: optional(list(LocalityDistribute)),
  failover: optional(list(LocalityFailover)),
  failoverPriority: optional(list(Text)),
  enabled: optional(Flag),
});
export type LocalityLoadBalancerSetting = ValueOf<typeof LocalityLoadBalancerSetting>;

/** How slowly a new endpoint is given its full share. */
export const WarmupConfiguration = strict({
  duration: Duration,
  minimumPercent: optional(Type.Number({ minimum: 0, maximum: 100 })),
  aggression: optional(Double),
});
export type WarmupConfiguration = ValueOf<typeof WarmupConfiguration>;

/** How an endpoint is chosen (Istio's LoadBalancerSettings). */
export const LoadBalancerSettings = strict({
  simple: optional(
    oneOf("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"),
  ),
  consistentHash: optional(ConsistentHashLB),
  localityLbSetting: optional(LocalityLoadBalancerSetting),
  warmupDurationSecs: optional(Duration),
  warmup: optional(WarmupConfiguration),
});
export type LoadBalancerSettings = ValueOf<typeof LoadBalancerSettings>;

/** The word of `simple`. */
export type SimpleLB = NonNullable<LoadBalancerSettings["simple"]>;
