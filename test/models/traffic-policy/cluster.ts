/** How the connections and requests of a cluster are made, apart from TLS: what each field of a policy comes to. */
import type { MeshConfig, PlacedCaller, TrafficPolicy } from "./objects.js";
import type { Host, HostPort } from "./registry.js";
import { seconds } from "./seconds.js";

/** A value that may be left out of what is compared. */
type Fields = Readonly<Record<string, unknown>>;

const UNLIMITED = 4294967295;

/** Of no number, and of 0, which Istio cannot tell from it. */
const limit = (value = 0): number => (value > 0 ? value : UNLIMITED);
const positive = (value = 0): number | undefined => (value > 0 ? value : undefined);

/** An object without what is undefined. */
export const defined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** "Standard load balancing algorithms that require no tuning"; least requests by default. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  LEAST_CONN: "LEAST_REQUEST",
  RANDOM: "RANDOM",
  ROUND_ROBIN: "ROUND_ROBIN",
};

function slowStart({ warmup, warmupDurationSecs }: NonNullable<TrafficPolicy["loadBalancer"]>) {
  const window = seconds(warmup?.duration ?? warmupDurationSecs);
  if (window === undefined) return undefined;
  return { window, aggression: warmup?.aggression ?? 1, percent: warmup?.minimumPercent ?? 10 };
}

const SMALLEST_RING = 1024;

/** A service with affinity to clients has it where no policy says how endpoints are chosen. */
function balancerOf({ loadBalancer = {} }: TrafficPolicy, host: Host) {
  const { simple = "UNSPECIFIED", consistentHash } = loadBalancer;
  const isOpen = simple === "UNSPECIFIED" && consistentHash === undefined;
  return isOpen && host.sessionAffinity
    ? { ...loadBalancer, consistentHash: { useSourceIp: true } }
    : loadBalancer;
}

/** What of a request decides its endpoint: "based on" one of these. */
export function hashedBy(policy: TrafficPolicy, host: Host): string | undefined {
  const { consistentHash: hash } = balancerOf(policy, host);
  if (hash?.httpHeaderName !== undefined) return `header ${hash.httpHeaderName}`;
  if (hash?.httpCookie !== undefined) {
    const { name, path, ttl, attributes = [] } = hash.httpCookie;
    const more = attributes.map((one) => `${one.name}=${one.value ?? ""}`);
    return `cookie ${JSON.stringify([name, path, seconds(ttl), ...more])}`;
  }
  if (hash?.httpQueryParameterName !== undefined) return `query ${hash.httpQueryParameterName}`;
  return hash?.useSourceIp === true ? "address" : undefined;
}

/** What is said of the way of bytes: the tunnel, which of their senders decides, and how long they last. */
export function bytesWay(policy: TrafficPolicy, host: Host): Fields {
  const { tunnel, connectionPool } = policy;
  const { idleTimeout, maxConnectionDuration } = connectionPool?.tcp ?? {};
  return defined({
    tunnel: tunnel && `${tunnel.protocol ?? "CONNECT"} ${tunnel.targetHost}:${tunnel.targetPort}`,
    hashedBy: hashedBy(policy, host) === "address" ? "address" : undefined,
    idleTimeout: seconds(idleTimeout),
    maxConnectionDuration: seconds(maxConnectionDuration),
  });
}

export function balancing(policy: TrafficPolicy, host: Host): Fields {
  const balancer = balancerOf(policy, host);
  const { consistentHash: hash, simple = "" } = balancer;
  if (hash?.maglev !== undefined) {
    return defined({ algorithm: "MAGLEV", size: positive(hash.maglev.tableSize) });
  }
  if (hash !== undefined) {
    const size = hash.ringHash?.minimumRingSize ?? hash.minimumRingSize;
    return { algorithm: "RING_HASH", size: positive(size) ?? SMALLEST_RING };
  }
  const algorithm = ALGORITHMS[simple] ?? "LEAST_REQUEST";
  const warms = algorithm !== "RANDOM";
  return defined({ algorithm, slowStart: warms ? slowStart(balancer) : undefined });
}

/**
 * "Defaults to 100" and so on; a number of 0 for a detector switches it off. Of a Service that asks for endpoints nearby those that
 * are not ready are sent too, and are never called.
 */
export function outliers(
  { outlierDetection: outlier }: TrafficPolicy,
  { trafficDistribution }: Host,
): Fields | undefined {
  const knowsUnready = trafficDistribution !== "";
  if (outlier === undefined) return knowsUnready ? { panic: 0 } : undefined;
  const isSplit = outlier.splitExternalLocalOriginErrors === true;
  const local = isSplit ? positive(outlier.consecutiveLocalOriginFailures) : undefined;
  const enforced = (count: number | undefined): number | undefined =>
    count === undefined ? undefined : count > 0 ? 100 : 0;
  return defined({
    successRate: 0,
    errors: outlier.consecutive5xxErrors,
    errorsEnforced: enforced(outlier.consecutive5xxErrors),
    gatewayErrors: outlier.consecutiveGatewayErrors,
    gatewayErrorsEnforced: enforced(outlier.consecutiveGatewayErrors),
    interval: seconds(outlier.interval),
    baseEjectionTime: seconds(outlier.baseEjectionTime),
    maxEjectionPercent: positive(outlier.maxEjectionPercent),
    isSplit: isSplit ? true : undefined,
    local,
    localEnforced: enforced(local),
    localSuccessRate: isSplit ? 0 : undefined,
    panic: knowsUnready ? 0 : (outlier.minHealthPercent ?? 0),
  });
}

/** "The mesh-wide configuration of TCP keepalive", field by field under that of the policy. */
function keepalive(policy: TrafficPolicy, { tcpKeepalive: mesh }: MeshConfig): Fields | undefined {
  const own = policy.connectionPool?.tcp?.tcpKeepalive;
  if (own === undefined && mesh === undefined) return undefined;
  const whole = (text: string | undefined): number | undefined => {
    const value = seconds(text);
    return value === undefined ? undefined : Math.trunc(value);
  };
  return defined({
    probes: positive(own?.probes) ?? positive(mesh?.probes),
    time: whole(own?.time ?? mesh?.time),
    interval: whole(own?.interval ?? mesh?.interval),
  });
}

function retryBudget({ retryBudget: budget }: TrafficPolicy): Fields | undefined {
  if (budget === undefined) return undefined;
  const { percent = 20, minRetryConcurrency = 0 } = budget;
  return { percent, least: minRetryConcurrency > 0 ? minRetryConcurrency : 3 };
}

/** What of connections is limited, and how they are kept. */
export function connections(policy: TrafficPolicy, mesh: MeshConfig): Fields {
  const { tcp = {}, http = {} } = policy.connectionPool ?? {};
  return defined({
    connectTimeout: seconds(tcp.connectTimeout ?? mesh.connectTimeout) ?? 10,
    maxConnections: limit(tcp.maxConnections),
    maxPendingRequests: limit(http.http1MaxPendingRequests),
    maxRequests: limit(http.http2MaxRequests),
    maxRetries: limit(http.maxRetries),
    retryBudget: retryBudget(policy),
    keepalive: keepalive(policy, mesh),
    idleTimeout: seconds(http.idleTimeout ?? tcp.idleTimeout),
    maxConnectionDuration: seconds(tcp.maxConnectionDuration),
    maxRequestsPerConnection: positive(http.maxRequestsPerConnection),
  });
}

export type HttpVersion = "1" | "2" | "the caller's";

const HTTP: ReadonlySet<string> = new Set(["http", "http2"]);

/** "Specify if http1.1 connection should be upgraded to http2 for the associated destination", and "use client protocol". */
export function httpVersion(
  { connectionPool }: TrafficPolicy,
  { protocol }: HostPort,
  { h2UpgradePolicy: mesh }: MeshConfig,
  caller: PlacedCaller,
): HttpVersion {
  const { useClientProtocol = false, h2UpgradePolicy = "DEFAULT" } = connectionPool?.http ?? {};
  if (useClientProtocol) return "the caller's";
  const isUpgraded =
    h2UpgradePolicy === "DEFAULT"
      ? mesh === "UPGRADE" && HTTP.has(protocol)
      : h2UpgradePolicy === "UPGRADE";
  if (isUpgraded || protocol === "http2") return "2";
  return protocol === "detected" && caller.type === "sidecar" ? "the caller's" : "1";
}
