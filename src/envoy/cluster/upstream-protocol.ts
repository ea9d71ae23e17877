import type { ConnectionPoolSettings } from "../../config/kinds/connection-pool.js";
import { isHttp, isHttp2, isTls, type Protocol } from "../../mesh/protocol.js";
import { any } from "../any.js";
import type { ClusterJson, HttpProtocolOptionsJson } from "../api.js";
import { defined } from "../defined.js";
import { goDuration } from "../duration.js";
import { MESH_ALPN } from "../mutual-tls.js";

/** The version of HTTP that is spoken with the endpoints of a cluster. */
export type UpstreamHttp = "http1" | "http2" | "callers";

const OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** What the choice depends on. */
export interface UpstreamPort {
  readonly protocol: Protocol;
  readonly pool: ConnectionPoolSettings | undefined;
  /** Gateways detect no protocols: what is not known there is HTTP/1.1. */
  readonly router: boolean;
}

/** Which HTTP a cluster speaks: that of the port, or the caller's where the port does not say. */
export function upstreamHttp({ protocol, pool, router }: UpstreamPort): UpstreamHttp {
  if (isHttp2(protocol)) return "http2";
  if (protocol === "HTTP" && pool?.http?.h2UpgradePolicy === "UPGRADE") return "http2";
  if (pool?.http?.useClientProtocol === true) return "callers";
  return protocol === "Unsupported" && !router ? "callers" : "http1";
}

/** What a cluster offers by ALPN in mutual TLS of the mesh. */
export function meshAlpn(port: UpstreamPort): readonly string[] {
  const http = upstreamHttp(port);
  if (!isHttp(port.protocol) && port.protocol !== "Unsupported") return MESH_ALPN.tcp;
  if (http === "callers") return MESH_ALPN.callersHttp;
  return MESH_ALPN[http];
}

/** The version of HTTP and the limits on connections, as a cluster's protocol options; {} for Envoy's defaults. */
export function protocolOptions(
  port: UpstreamPort,
): Pick<ClusterJson, "typedExtensionProtocolOptions"> {
  if (isTls(port.protocol)) return {};
  const http = port.pool?.http;
  const version = upstreamHttp(port);
  const http2 = defined({ maxConcurrentStreams: positive(http?.maxConcurrentStreams) });
  const common = defined({
    idleTimeout: goDuration(http?.idleTimeout),
    maxRequestsPerConnection: positive(http?.maxRequestsPerConnection),
  });
  const hasCommon = Object.keys(common).length > 0;
  if (version === "http1" && !hasCommon) return {};
  const versions: Readonly<Record<UpstreamHttp, HttpProtocolOptionsJson>> = {
    http1: { explicitHttpConfig: { httpProtocolOptions: {} } },
    http2: { explicitHttpConfig: { http2ProtocolOptions: http2 } },
    callers: {
      useDownstreamProtocolConfig: { httpProtocolOptions: {}, http2ProtocolOptions: http2 },
    },
  };
  const options: HttpProtocolOptionsJson = {
    ...(hasCommon ? { commonHttpProtocolOptions: common } : {}),
    ...versions[version],
  };
  return { typedExtensionProtocolOptions: { [OPTIONS]: any(OPTIONS, options) } };
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}
