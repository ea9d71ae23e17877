/** Network filters other than the HTTP connection manager. */
import { defined } from "../../base/defined.js";
import { formatHostPort } from "../../base/text/host-port.js";
import type { TunnelSettings } from "../../config/kinds/networking/destination-rule/traffic-policy.js";
import type { ConnectionSettings } from "../../mesh/proxy/connection-settings.js";
import { any } from "../any.js";
import type { AccessLogJson, FilterJson, ListenerFilterJson, TcpProxyJson } from "../api.js";
import { dnsCache, type LookUp } from "../cluster/forward-proxy.js";
import { adsSource } from "../config-source.js";
import { goDuration } from "../duration.js";
import { CONNECTED } from "../telemetry/access-log.js";
import { MESH_ALPN } from "../tls/mutual-tls.js";

/** How a connection goes to its cluster. */
export interface TcpWay {
  /** Through an HTTP proxy, which the cluster is. */
  readonly tunnel?: TunnelSettings;
  /** Connections of one client go to one endpoint. */
  readonly bySourceIp?: boolean;
  /** How long a connection may be without bytes: an hour where nothing is said, `0s` for ever. */
  readonly idleTimeout?: string;
  readonly maxConnectionDuration?: string;
}

/** What a TCP proxy is given. */
export interface TcpProxyOptions {
  readonly statPrefix: string;
  readonly target:
    | { readonly cluster: string }
    | { readonly weighted: readonly { readonly name: string; readonly weight: number }[] };
  readonly accessLog: AccessLogJson[];
  /** It is for connections from outside: what is told when one was made to the application tells who calls. */
  readonly fromPeers?: boolean;
  /** Clusters that it lacks are asked for when a connection comes. */
  readonly onDemand?: boolean;
  /** How connections go there. */
  readonly way?: TcpWay | undefined;
  /** What holds for all connections to the proxy, where the way says nothing else. */
  readonly connections: Pick<ConnectionSettings, "idleTimeout">;
}

/** Where a tunnel leads, as the proxy that makes it is asked. */
export const tunnelEnd = ({ targetHost: host, targetPort: port }: TunnelSettings): string =>
  formatHostPort({ host, port });

/** What a way asks of the filter. */
function wayFields({ tunnel, bySourceIp, ...limits }: TcpWay): Partial<TcpProxyJson> {
  return {
    ...(tunnel === undefined
      ? {}
      : {
          tunnelingConfig: {
            hostname: tunnelEnd(tunnel),
            ...(tunnel.protocol === "POST" ? { usePost: true } : {}),
          },
        }),
    ...(bySourceIp === true ? { hashPolicy: [{ sourceIp: {} }] } : {}),
    ...defined({
      idleTimeout: limits.idleTimeout,
      maxDownstreamConnectionDuration: limits.maxConnectionDuration,
    }),
  };
}

/** How long a connection waits for its cluster. */
const ON_DEMAND_TIMEOUT = "5s";

/** Whether a log is for what is told when a connection was made, and not when it ends. */
const logsBeginnings = ({ filter }: AccessLogJson): boolean =>
  filter?.logTypeFilter?.exclude !== true &&
  filter?.logTypeFilter?.types?.includes(CONNECTED) === true;

/**
 * Of whom a certificate is, is known once the handshake is over: until then a connection to the application, which is near, would
 * often be made before. One without TLS waits for nothing.
 */
function beginningFields({ fromPeers }: TcpProxyOptions): Partial<TcpProxyJson> {
  return {
    accessLogOptions: { flushAccessLogOnConnected: true },
    ...(fromPeers === true
      ? { upstreamConnectMode: "ON_DOWNSTREAM_TLS_HANDSHAKE", maxEarlyDataBytes: 0 }
      : {}),
  };
}

/** Sends the bytes of a connection to a cluster. */
export function tcpProxy(options: TcpProxyOptions): FilterJson {
  const { target } = options;
  const idleTimeout = goDuration(options.connections.idleTimeout);
  const proxy: TcpProxyJson = {
    statPrefix: options.statPrefix,
    ...("cluster" in target
      ? { cluster: target.cluster }
      : { weightedClusters: { clusters: target.weighted.map((one) => ({ ...one })) } }),
    ...(options.accessLog.length > 0 ? { accessLog: options.accessLog } : {}),
    ...(options.accessLog.some(logsBeginnings) ? beginningFields(options) : {}),
    ...(options.onDemand === true
      ? { onDemand: { odcdsConfig: adsSource(), timeout: ON_DEMAND_TIMEOUT } }
      : {}),
    ...wayFields({ ...defined({ idleTimeout }), ...options.way }),
  };
  return {
    name: "envoy.filters.network.tcp_proxy",
    typedConfig: any("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", proxy),
  };
}

/** Has the server name of a connection looked up, which a forward proxy cluster then calls on this port. */
export function sniForwardProxy(lookUp: LookUp, portValue: number): FilterJson {
  return {
    name: "envoy.filters.network.sni_dynamic_forward_proxy",
    typedConfig: any("envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig", {
      portValue,
      dnsCacheConfig: dnsCache(lookUp),
    }),
  };
}

/** Says by ALPN that what is called carries bytes and not HTTP, whatever its cluster would say: a value of filter state. */
export function tcpAlpn(): object {
  return {
    objectKey: "envoy.network.application_protocols",
    formatString: { textFormatSource: { inlineString: MESH_ALPN.tcp.join(",") } },
    sharedWithUpstream: "ONCE",
  };
}

/** Says so of connections: for ports on which both come, and whose cluster therefore says HTTP. */
export function offerTcpAlpn(): FilterJson {
  return {
    name: "envoy.filters.network.set_filter_state",
    typedConfig: any("envoy.extensions.filters.network.set_filter_state.v3.Config", {
      onNewConnection: [tcpAlpn()],
    }),
  };
}

const LISTENER_PACKAGE = "envoy.extensions.filters.listener";

/** Reads the address that a redirected connection was meant for. */
export function originalDestination(): ListenerFilterJson {
  return {
    name: "envoy.filters.listener.original_dst",
    typedConfig: any(`${LISTENER_PACKAGE}.original_dst.v3.OriginalDst`, {}),
  };
}

/** Reads the ClientHello: that it is TLS, the server name and ALPN. */
export function tlsInspector(): ListenerFilterJson {
  return {
    name: "envoy.filters.listener.tls_inspector",
    typedConfig: any(`${LISTENER_PACKAGE}.tls_inspector.v3.TlsInspector`, {}),
  };
}

/** Reads the PROXY header with which a proxy in front says who its client is; a connection without one is ended. */
export function proxyProtocol(): ListenerFilterJson {
  return {
    name: "envoy.filters.listener.proxy_protocol",
    typedConfig: any(`${LISTENER_PACKAGE}.proxy_protocol.v3.ProxyProtocol`, {}),
  };
}

/** Reads the first bytes: that it is HTTP, and which version. */
export function httpInspector(): ListenerFilterJson {
  return {
    name: "envoy.filters.listener.http_inspector",
    typedConfig: any(`${LISTENER_PACKAGE}.http_inspector.v3.HttpInspector`, {}),
  };
}
