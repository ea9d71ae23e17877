import { ClientTLSSettings } from "./client-tls-settings.js";
import { ConnectionPoolSettings } from "./connection-pool.js";
import { PortSelector } from "./destination.js";
import { Double, list, oneOf, optional, strict, Text, Uint32, type ValueOf } from "./fields.js";
import { LoadBalancerSettings } from "./load-balancer.js";
import { OutlierDetection } from "./outlier-detection.js";

/** The policy of one port of a service; it replaces the policy of the whole, field by field it inherits nothing. */
export const PortTrafficPolicy = strict({
  port: optional(PortSelector),
  loadBalancer: optional(LoadBalancerSettings),
  connectionPool: optional(ConnectionPoolSettings),
  outlierDetection: optional(OutlierDetection),
  tls: optional(ClientTLSSettings),
});
export type PortTrafficPolicy = ValueOf<typeof PortTrafficPolicy>;

/** The proxy that raw TCP connections are tunnelled through by HTTP CONNECT or POST. */
export const TunnelSettings = strict({
  protocol: optional(Text),
  targetHost: Text,
  targetPort: Uint32,
});
export type TunnelSettings = ValueOf<typeof TunnelSettings>;

/** The PROXY protocol header that is sent ahead of a connection. */
export const ProxyProtocol = strict({ version: optional(oneOf("V1", "V2")) });
export type ProxyProtocol = ValueOf<typeof ProxyProtocol>;

/** How many retries may be under way, in proportion to the requests. */
export const RetryBudget = strict({
  percent: optional(Double),
  minRetryConcurrency: optional(Uint32),
});
export type RetryBudget = ValueOf<typeof RetryBudget>;

/** What applies to traffic to a service after it was routed there (Istio's TrafficPolicy). */
export const TrafficPolicy = strict({
  loadBalancer: optional(LoadBalancerSettings),
  connectionPool: optional(ConnectionPoolSettings),
  outlierDetection: optional(OutlierDetection),
  tls: optional(ClientTLSSettings),
  portLevelSettings: optional(list(PortTrafficPolicy)),
  tunnel: optional(TunnelSettings),
  proxyProtocol: optional(ProxyProtocol),
  retryBudget: optional(RetryBudget),
});
export type TrafficPolicy = ValueOf<typeof TrafficPolicy>;
