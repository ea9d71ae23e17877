/** What Envoy is sent, in the words of the model. */
import type {
  ClusterJson,
  ClusterLoadAssignmentJson,
  CommonTlsContextJson,
  HttpProtocolOptionsJson,
  LbEndpointJson,
  RouteActionJson,
  TcpProxyJson,
  TransportSocketJson,
  UpstreamTlsContextJson,
} from "../../../src/envoy/api.js";
import { defined, type HttpVersion } from "./cluster.js";
import { type Description, endpointText, type GroupDescription, sortedGroups } from "./model.js";
import { seconds } from "./seconds.js";

const OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

function discoveryOf({ type, clusterType }: ClusterJson): string {
  if (type !== undefined) return type;
  return clusterType?.name === "envoy.clusters.dns" ? "DNS" : String(clusterType?.name);
}

function slowStartOf({ leastRequestLbConfig, roundRobinLbConfig }: ClusterJson) {
  const { slowStartConfig: config } = leastRequestLbConfig ?? roundRobinLbConfig ?? {};
  if (config === undefined) return undefined;
  return {
    window: seconds(config.slowStartWindow),
    aggression: config.aggression?.defaultValue ?? 1,
    percent:
      config.minWeightPercent === undefined ? 10 : Number(config.minWeightPercent.value ?? 0),
  };
}

function balancingOf(json: ClusterJson): Description {
  const size = json.maglevLbConfig?.tableSize ?? json.ringHashLbConfig?.minimumRingSize;
  return defined({
    // That of the field when nothing is there.
    algorithm: json.lbPolicy ?? "ROUND_ROBIN",
    size: size === undefined ? undefined : Number(size),
    slowStart: slowStartOf(json),
  });
}

function outliersOf({ outlierDetection: one, commonLbConfig }: ClusterJson) {
  const panic = commonLbConfig?.healthyPanicThreshold;
  if (one === undefined) return panic === undefined ? undefined : { panic: panic.value ?? 0 };
  return defined({
    successRate: one.enforcingSuccessRate,
    errors: one.consecutive5xx,
    errorsEnforced: one.enforcingConsecutive5xx,
    gatewayErrors: one.consecutiveGatewayFailure,
    gatewayErrorsEnforced: one.enforcingConsecutiveGatewayFailure,
    interval: seconds(one.interval),
    baseEjectionTime: seconds(one.baseEjectionTime),
    maxEjectionPercent: one.maxEjectionPercent,
    isSplit: one.splitExternalLocalOriginErrors,
    local: one.consecutiveLocalOriginFailure,
    localEnforced: one.enforcingConsecutiveLocalOriginFailure,
    localSuccessRate: one.enforcingLocalOriginSuccessRate,
    panic: panic && (panic.value ?? 0),
  });
}

const optionsOf = ({ typedExtensionProtocolOptions: all = {} }: ClusterJson) =>
  (all[OPTIONS] ?? {}) as HttpProtocolOptionsJson;

function connectionsOf(json: ClusterJson): Description {
  const [threshold = {}] = json.circuitBreakers?.thresholds ?? [];
  const { retryBudget: budget } = threshold;
  const alive = json.upstreamConnectionOptions?.tcpKeepalive;
  const { commonHttpProtocolOptions: common = {} } = optionsOf(json);
  return defined({
    connectTimeout: seconds(json.connectTimeout),
    maxConnections: threshold.maxConnections,
    maxPendingRequests: threshold.maxPendingRequests,
    maxRequests: threshold.maxRequests,
    maxRetries: threshold.maxRetries,
    retryBudget: budget && {
      percent: budget.budgetPercent?.value ?? 0,
      least: budget.minRetryConcurrency,
    },
    keepalive:
      alive &&
      defined({
        probes: alive.keepaliveProbes,
        time: alive.keepaliveTime,
        interval: alive.keepaliveInterval,
      }),
    idleTimeout: seconds(common.idleTimeout),
    maxConnectionDuration: seconds(common.maxConnectionDuration),
    maxRequestsPerConnection: common.maxRequestsPerConnection,
  });
}

function versionOf(json: ClusterJson): HttpVersion {
  const { explicitHttpConfig, useDownstreamProtocolConfig } = optionsOf(json);
  if (useDownstreamProtocolConfig !== undefined) return "the caller's";
  return explicitHttpConfig?.http2ProtocolOptions === undefined ? "1" : "2";
}

type Inner = Readonly<Record<string, unknown>>;

/** The socket inside one that announces callers, and how it announces them. */
function unwrapped(socket: TransportSocketJson | undefined) {
  const config = (socket?.typedConfig ?? {}) as Inner;
  const { transportSocket, config: header } = config;
  if (transportSocket === undefined) return { config };
  const { version: announced = "V1" } = header as { readonly version?: string };
  return { config: (transportSocket as TransportSocketJson).typedConfig as Inner, announced };
}

function namesIn({ combinedValidationContext, validationContext }: CommonTlsContextJson) {
  const context = combinedValidationContext?.defaultValidationContext ?? validationContext ?? {};
  const matchers = (context.matchTypedSubjectAltNames ?? []).map(({ matcher }) => matcher);
  const exact = matchers.flatMap((one) => one?.exact ?? []);
  const isAny = matchers.some((one) => one?.prefix !== undefined);
  return isAny ? ["any of the mesh"] : [...new Set(exact)].sort();
}

/** A Secret, or the first of files, by the name under which a proxy asks for it. */
function credentialIn(name: string): string {
  const secret = /^kubernetes:\/\/(.*)$/.exec(name)?.[1];
  return secret === undefined
    ? (name.replace(/^file-(cert|root):/, "").split("~")[0] ?? "")
    : `secret ${secret}`;
}

function rootsIn({ combinedValidationContext, validationContext }: CommonTlsContextJson): string {
  const name = combinedValidationContext?.validationContextSdsSecretConfig?.name;
  if (name !== undefined) return credentialIn(name).replace(/-cacert$/, "");
  const file = validationContext?.trustedCa?.filename;
  if (file === undefined) return "nobody";
  return file === "/etc/ssl/certs/ca-certificates.crt" ? "system" : file;
}

function certificateIn({ tlsCertificateSdsSecretConfigs: [one] = [] }: CommonTlsContextJson) {
  const { name } = one ?? {};
  return name === undefined ? undefined : credentialIn(name);
}

/** TLS that begins with a certificate of the mesh is the mesh's. */
function tlsIn(config: Inner, json: ClusterJson): Description {
  const { commonTlsContext: common = {}, sni } = config as UpstreamTlsContextJson;
  const [certificate] = common.tlsCertificateSdsSecretConfigs ?? [];
  if (certificate?.name === "default") return { mode: "mesh", sni, names: namesIn(common) };
  const { upstreamHttpProtocolOptions: tls = {} } = optionsOf(json);
  const roots = rootsIn(common);
  return defined({
    mode: "origination",
    sni,
    autoSni: tls.autoSni,
    autoSan: tls.autoSanValidation,
    names: roots === "nobody" ? undefined : namesIn(common),
    roots,
    certificate: certificateIn(common),
    alpn: common.alpnProtocols,
  });
}

function socketsOf(json: ClusterJson): Description {
  const { transportSocket, transportSocketMatches } = json;
  const [mutual, plain] = transportSocketMatches ?? [];
  const { config, announced } = unwrapped(transportSocket ?? mutual?.transportSocket);
  const isTls = config["commonTlsContext"] !== undefined;
  const own = isTls ? tlsIn(config, json) : { mode: "plaintext" };
  const isEach = unwrapped(plain?.transportSocket).announced === announced;
  const mode = mutual === undefined ? own["mode"] : `${String(own["mode"])}, by endpoint`;
  return defined({ ...own, mode, announced: mutual === undefined || isEach ? announced : "some" });
}

function endpointOf({ endpoint, loadBalancingWeight = 0, metadata }: LbEndpointJson): string {
  const { address = "", portValue = 0 } = endpoint?.address?.socketAddress ?? {};
  const match = metadata?.filterMetadata?.["envoy.transport_socket_match"];
  return endpointText(address, portValue, loadBalancingWeight, match?.["tlsMode"] === "istio");
}

/** The endpoints of a cluster. */
export function groupsOf({
  endpoints = [],
}: ClusterLoadAssignmentJson): readonly GroupDescription[] {
  return sortedGroups(
    endpoints.map(({ locality = {}, priority = 0, loadBalancingWeight = 0, lbEndpoints = [] }) => {
      const { region = "", zone = "", subZone = "" } = locality;
      return {
        locality: [region, zone, subZone].join("/").replace(/\/+$/, ""),
        priority,
        weight: loadBalancingWeight,
        endpoints: lbEndpoints.map(endpointOf),
      };
    }),
  );
}

type HashPolicy = NonNullable<RouteActionJson["hashPolicy"]>[number];

function cookieText({ name = "", path, ttl, attributes = [] }: NonNullable<HashPolicy["cookie"]>) {
  const more = attributes.map((one) => `${one.name ?? ""}=${one.value ?? ""}`);
  return `cookie ${JSON.stringify([name, path, seconds(ttl), ...more])}`;
}

/** What of a request decides its endpoint, by the first that a route has. */
function hashOf({ hashPolicy: [policy] = [] }: RouteActionJson): string | undefined {
  if (policy?.header !== undefined) return `header ${policy.header.headerName ?? ""}`;
  if (policy?.cookie !== undefined) return cookieText(policy.cookie);
  if (policy?.queryParameter !== undefined) return `query ${policy.queryParameter.name ?? ""}`;
  return policy?.connectionProperties?.sourceIp === true ? "address" : undefined;
}

/** What is said of the way of bytes. */
function bytesOf(proxy: TcpProxyJson): Description {
  const { tunnelingConfig: tunnel, hashPolicy: [hash] = [] } = proxy;
  return defined({
    tunnel: tunnel && `${tunnel.usePost === true ? "POST" : "CONNECT"} ${tunnel.hostname ?? ""}`,
    hashedBy: hash?.sourceIp === undefined ? undefined : "address",
    idleTimeout: seconds(proxy.idleTimeout),
    maxConnectionDuration: seconds(proxy.maxDownstreamConnectionDuration),
  });
}

/** A cluster, its endpoints, the route that leads to it by itself, and what passes bytes on to it alone. */
export function described(
  json: ClusterJson,
  groups: readonly GroupDescription[] | undefined,
  route: RouteActionJson | undefined,
  proxy: TcpProxyJson | undefined,
): Description {
  const discovery = discoveryOf(json);
  const isPassed = discovery === "ORIGINAL_DST";
  const http = versionOf(json);
  const { explicitHttpConfig } = optionsOf(json);
  return defined({
    discovery,
    balancing: isPassed ? undefined : balancingOf(json),
    weighsLocalities: isPassed
      ? undefined
      : json.commonLbConfig?.localityWeightedLbConfig !== undefined,
    outliers: outliersOf(json),
    connections: connectionsOf(json),
    http,
    hashedBy: route && hashOf(route),
    bytes: proxy && bytesOf(proxy),
    streams: explicitHttpConfig?.http2ProtocolOptions?.maxConcurrentStreams,
    sockets: socketsOf(json),
    endpoints: isPassed ? undefined : groups,
  });
}
