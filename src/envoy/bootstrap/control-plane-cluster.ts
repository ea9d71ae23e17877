/**
 * The clusters by which a proxy reaches its control plane.
 *
 * The stream goes to one cluster of the bootstrap, `xds-grpc`. Over TLS that is an aggregate of two: `xds-identity`,
 * where the proxy shows the certificate that it was given, and behind it `xds-join`, where it shows none and the join
 * token speaks for it. The bootstrap has only the second; the first comes over the stream, because a bootstrap cannot ask
 * the stream for a secret. See docs/decisions/0002-how-a-stock-envoy-comes-back.md.
 */

import ipaddr from "ipaddr.js";
import { any } from "../any.js";
import type {
  CertificateValidationContextJson,
  ClusterJson,
  CommonTlsContextJson,
  HttpFilterJson,
  TransportSocketJson,
} from "../api.js";
import { adsSecret } from "../config-source.js";
import { httpProtocolOptions } from "../http-protocol-options.js";
import { ROOT_SECRET, WORKLOAD_SECRET } from "../names.js";
import { tlsSocket } from "../tls/mutual-tls.js";

/** The cluster of the bootstrap that carries the stream. */
export const XDS_CLUSTER = "xds-grpc";
/** The cluster of the bootstrap by which an Envoy is told what to check, and says how it is. */
export const HEALTH_CLUSTER = "hds-grpc";
/** Its way to the control plane for a proxy that has no certificate yet. */
export const JOIN_CLUSTER = "xds-join";
/** Its way to the control plane for a proxy that has one. */
export const IDENTITY_CLUSTER = "xds-identity";

/** Where a control plane listens with TLS, and the name that its certificate must have. */
export interface ControlPlaneAddress {
  /** An IP address or a DNS name. */
  readonly host: string;
  readonly port: number;
  /** The DNS name, or IP address, that must be in its certificate. */
  readonly subjectAltName: string;
}

const CONNECT_TIMEOUT = "2s";
const MANY = 100_000;

/**
 * HTTP/2 that notices a dead peer. Each connection carries one stream: Envoy takes its certificate when it connects, and
 * a stream on an old connection would be known by an old certificate.
 */
function controlPlaneHttp(
  filters: readonly HttpFilterJson[] = [],
): ReturnType<typeof httpProtocolOptions> {
  const codec: HttpFilterJson = {
    name: "envoy.filters.http.upstream_codec",
    typedConfig: any("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec", {}),
  };
  return httpProtocolOptions({
    commonHttpProtocolOptions: { maxRequestsPerConnection: 1 },
    explicitHttpConfig: {
      http2ProtocolOptions: { connectionKeepalive: { interval: "30s", timeout: "10s" } },
    },
    ...(filters.length > 0 ? { httpFilters: [...filters, codec] } : {}),
  });
}

/** A cluster that stands for others: the first of them that there is a healthy endpoint of. */
export function aggregateCluster(
  name: string,
  clusters: readonly string[],
  filters: readonly HttpFilterJson[] = [],
): ClusterJson {
  return {
    name,
    connectTimeout: CONNECT_TIMEOUT,
    lbPolicy: "CLUSTER_PROVIDED",
    clusterType: {
      name: "envoy.clusters.aggregate",
      typedConfig: any("envoy.extensions.clusters.aggregate.v3.ClusterConfig", {
        clusters: [...clusters],
      }),
    },
    // Of the filters only those of the aggregate itself are run.
    ...controlPlaneHttp(filters),
  };
}

/** A cluster whose one endpoint is the control plane; without a transport socket it is plaintext. */
export function controlPlaneCluster(
  name: string,
  { host, port }: Pick<ControlPlaneAddress, "host" | "port">,
  transportSocket?: TransportSocketJson,
): ClusterJson {
  const threshold = { maxConnections: MANY, maxPendingRequests: MANY, maxRequests: MANY };
  return {
    name,
    ...(isIpAddress(host)
      ? { type: "STATIC" }
      : { type: "STRICT_DNS", dnsLookupFamily: "V4_PREFERRED" }),
    connectTimeout: CONNECT_TIMEOUT,
    loadAssignment: {
      clusterName: name,
      endpoints: [
        {
          lbEndpoints: [
            { endpoint: { address: { socketAddress: { address: host, portValue: port } } } },
          ],
        },
      ],
    },
    circuitBreakers: {
      thresholds: [
        { priority: "DEFAULT", ...threshold },
        { priority: "HIGH", ...threshold },
      ],
    },
    upstreamConnectionOptions: { tcpKeepalive: { keepaliveTime: 300 } },
    ...controlPlaneHttp(),
    ...(transportSocket === undefined ? {} : { transportSocket }),
  };
}

/** TLS to a control plane: its name is checked, and no session is resumed, so that each handshake shows who calls. */
export function controlPlaneTls(
  { subjectAltName }: Pick<ControlPlaneAddress, "subjectAltName">,
  trust: (names: CertificateValidationContextJson) => CommonTlsContextJson,
): TransportSocketJson {
  const isIp = isIpAddress(subjectAltName);
  const context = trust({
    matchTypedSubjectAltNames: [
      { sanType: isIp ? "IP_ADDRESS" : "DNS", matcher: { exact: subjectAltName } },
    ],
  });
  return tlsSocket({
    upstream: {
      commonTlsContext: {
        ...context,
        tlsParams: {
          tlsMinimumProtocolVersion: "TLSv1_2",
          tlsMaximumProtocolVersion: "TLSv1_3",
        },
        alpnProtocols: ["h2"],
      },
      maxSessionKeys: 0,
      // SNI has no IP addresses. RFC 6066, section 3.
      ...(isIp ? {} : { sni: subjectAltName }),
    },
  });
}

/**
 * The way to the control plane for a proxy that has its certificate, sent to it over the stream. When no connection can
 * be made that way it is left out for a second, so that the stream goes by `xds-join`, where a new token can help.
 */
export function buildIdentityCluster(address: ControlPlaneAddress): ClusterJson {
  const socket = controlPlaneTls(address, (names) => ({
    tlsCertificateSdsSecretConfigs: [adsSecret(WORKLOAD_SECRET)],
    combinedValidationContext: {
      defaultValidationContext: names,
      validationContextSdsSecretConfig: adsSecret(ROOT_SECRET),
    },
  }));
  return {
    ...controlPlaneCluster(IDENTITY_CLUSTER, address, socket),
    outlierDetection: {
      splitExternalLocalOriginErrors: true,
      consecutiveLocalOriginFailure: 2,
      enforcingConsecutiveLocalOriginFailure: 100,
      interval: "0.5s",
      baseEjectionTime: "1s",
      maxEjectionTime: "1s",
      maxEjectionPercent: 100,
      enforcingConsecutive5xx: 0,
      enforcingConsecutiveGatewayFailure: 0,
      enforcingSuccessRate: 0,
      enforcingLocalOriginSuccessRate: 0,
    },
  };
}

/**
 * Where a proxy says that it reaches its control plane, when its bootstrap has a place for `xds-identity`; undefined for
 * every other node, such as one behind Istio's agent.
 */
export function identityClusterAddress(
  metadata: Readonly<Record<string, unknown>>,
): ControlPlaneAddress | undefined {
  if (metadata["IDENTITY_CLUSTER"] !== IDENTITY_CLUSTER) return undefined;
  const proxyConfig = metadata["PROXY_CONFIG"];
  const names = metadata["PILOT_SAN"];
  if (typeof proxyConfig !== "object" || proxyConfig === null) return undefined;
  if (!("discoveryAddress" in proxyConfig) || !Array.isArray(names)) return undefined;
  const subjectAltName: unknown = names[0];
  const address = parseHostPort(proxyConfig.discoveryAddress);
  if (address === undefined || typeof subjectAltName !== "string" || subjectAltName === "") {
    return undefined;
  }
  return { ...address, subjectAltName };
}

const HOST_PORT = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9._-]{1,253})):(\d{1,5})$/;

function parseHostPort(text: unknown): { host: string; port: number } | undefined {
  const match = typeof text === "string" ? HOST_PORT.exec(text) : null;
  if (match === null) return undefined;
  const host = match[1] ?? match[2] ?? "";
  const port = Number(match[3]);
  return port > 0 && port < 65536 ? { host, port } : undefined;
}

function isIpAddress(host: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(host) || ipaddr.IPv6.isValid(host);
}
