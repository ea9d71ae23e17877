import type { Path } from "../../../kind.js";
import { ipProblem } from "../../value/addresses.js";
import { domainProblem } from "../../value/dns-names.js";
import {
  Double,
  Duration,
  list,
  oneOf,
  optional,
  strict,
  Text,
  Uint32,
  type ValueOf,
} from "../../value/fields.js";
import { doubtful, each, type Findings, given, invalid, tolerate } from "../../value/findings.js";
import { checkDurationOrZero, checkPercent, checkPort } from "../../value/numbers.js";
import { checkPortSelector, PortSelector } from "../virtual-service/destination.js";
import { ClientTLSSettings, checkClientTls } from "./client-tls-settings.js";
import { ConnectionPoolSettings, checkConnectionPool } from "./connection-pool.js";
import { checkLoadBalancer, LoadBalancerSettings } from "./load-balancer.js";
import { checkOutlierDetection, OutlierDetection } from "./outlier-detection.js";

/** The policy of one port of a service; what it says replaces what the whole service's policy says of the same. */
export type PortTrafficPolicy = ValueOf<typeof PortTrafficPolicy>;
const PortTrafficPolicy = strict({
  port: optional(PortSelector),
  loadBalancer: optional(LoadBalancerSettings),
  connectionPool: optional(ConnectionPoolSettings),
  outlierDetection: optional(OutlierDetection),
  tls: optional(ClientTLSSettings),
});

/** The proxy that raw TCP connections are tunnelled through by HTTP CONNECT or POST. */
export type TunnelSettings = ValueOf<typeof TunnelSettings>;
const TunnelSettings = strict({
  protocol: optional(Text),
  targetHost: Text,
  targetPort: Uint32,
});

/** The PROXY protocol header that is sent ahead of a connection. */
export type ProxyProtocol = ValueOf<typeof ProxyProtocol>;
const ProxyProtocol = strict({ version: optional(oneOf("V1", "V2")) });

/** How many retries may be under way, in proportion to the requests. */
export type RetryBudget = ValueOf<typeof RetryBudget>;
const RetryBudget = strict({
  percent: optional(Double),
  minRetryConcurrency: optional(Uint32),
  /** How long a request counts, since Istio 1.31; those under way alone when absent. */
  budgetInterval: optional(Duration),
});

/** What applies to traffic to a service after it was routed there (Istio's TrafficPolicy). */
export type TrafficPolicy = ValueOf<typeof TrafficPolicy>;
export const TrafficPolicy = strict({
  loadBalancer: optional(LoadBalancerSettings),
  connectionPool: optional(ConnectionPoolSettings),
  outlierDetection: optional(OutlierDetection),
  tls: optional(ClientTLSSettings),
  portLevelSettings: optional(list(PortTrafficPolicy, 4096)),
  tunnel: optional(TunnelSettings),
  proxyProtocol: optional(ProxyProtocol),
  retryBudget: optional(RetryBudget),
});

/** A policy that says something, and each part of it right; `namespace` is that of the resource. */
export function* checkTrafficPolicy(
  policy: TrafficPolicy,
  path: Path,
  namespace: string,
): Findings {
  if (Object.keys(policy).length === 0) {
    yield invalid(path, "the traffic policy is empty: give loadBalancer, connectionPool, tls, ...");
  }
  yield* checkSettings(policy, path, namespace);
  yield* each(policy.portLevelSettings, [...path, "portLevelSettings"], (one, at) =>
    checkPortPolicy(one, at, namespace),
  );
  yield* given(policy.tunnel, [...path, "tunnel"], checkTunnel);
  if (policy.tunnel !== undefined && policy.proxyProtocol !== undefined) {
    yield invalid([...path, "proxyProtocol"], "proxyProtocol excludes tunnel: give one of them");
  }
  yield* given(policy.retryBudget, [...path, "retryBudget"], function* (budget, at) {
    yield* given(budget.percent, [...at, "percent"], checkPercent);
    yield* given(budget.budgetInterval, [...at, "budgetInterval"], checkDurationOrZero);
  });
}

function* checkPortPolicy(policy: PortTrafficPolicy, path: Path, namespace: string): Findings {
  const { port, ...settings } = policy;
  if (port === undefined) yield invalid([...path, "port"], "the policy of a port needs the port");
  else yield* tolerate(checkPortSelector(port, [...path, "port"]));
  if (Object.keys(settings).length === 0) {
    yield invalid(
      path,
      "the policy of the port is empty: give loadBalancer, connectionPool, tls, ...",
    );
  }
  yield* checkSettings(settings, path, namespace);
}

function* checkSettings(
  policy: Omit<PortTrafficPolicy, "port">,
  path: Path,
  namespace: string,
): Findings {
  const { loadBalancer, outlierDetection } = policy;
  yield* given(loadBalancer, [...path, "loadBalancer"], checkLoadBalancer);
  yield* given(policy.connectionPool, [...path, "connectionPool"], checkConnectionPool);
  yield* given(outlierDetection, [...path, "outlierDetection"], checkOutlierDetection);
  yield* given(policy.tls, [...path, "tls"], (tls, at) => checkClientTls(tls, at, namespace));
  const { failover = [], failoverPriority = [] } = loadBalancer?.localityLbSetting ?? {};
  if (failover.length + failoverPriority.length > 0) yield* checkFailover(outlierDetection, path);
}

/** Calls go elsewhere when what is near has been taken out, of which Envoy (since 1.28) takes no more than it is allowed. */
function* checkFailover(outlierDetection: OutlierDetection | undefined, path: Path): Findings {
  if (outlierDetection === undefined) {
    const at = [...path, "loadBalancer", "localityLbSetting"];
    yield doubtful(at, "failover needs outlierDetection, which finds out what is unhealthy");
  } else if ((outlierDetection.maxEjectionPercent ?? 0) === 0) {
    yield doubtful(
      [...path, "outlierDetection"],
      "of all endpoints 10 % at most are taken out, of fewer than ten none, and failover waits until those near are: give maxEjectionPercent: 100",
    );
  }
}

function* checkTunnel(tunnel: TunnelSettings, path: Path): Findings {
  const { protocol = "", targetHost } = tunnel;
  if (!["", "CONNECT", "POST"].includes(protocol)) {
    yield invalid(
      [...path, "protocol"],
      `"${protocol}" is no protocol of a tunnel: CONNECT or POST`,
    );
  }
  if (ipProblem(targetHost) !== undefined && domainProblem(targetHost) !== undefined) {
    yield invalid(
      [...path, "targetHost"],
      `"${targetHost}" is neither a domain name nor an IP address`,
    );
  }
  yield* checkPort(tunnel.targetPort, [...path, "targetPort"]);
}
