import { defined, positive } from "../../base/defined.js";
import type { ClientTLSSettings } from "../../config/kinds/networking/destination-rule/client-tls-settings.js";
import type { ConnectionPoolSettings } from "../../config/kinds/networking/destination-rule/connection-pool.js";
import { isHttp, isHttp2, type Protocol } from "../../mesh/service/protocol.js";
import type { ClusterJson, Http2ProtocolOptionsJson, HttpProtocolOptionsJson } from "../api.js";
import { goDuration } from "../duration.js";
import { writtenAsGiven } from "../filter/header-case.js";
import { httpProtocolOptions } from "../http-protocol-options.js";
import { MESH_ALPN } from "../tls/mutual-tls.js";

/** The version of HTTP that is spoken with the endpoints of a cluster. */
type UpstreamHttp = "http1" | "http2" | "callers";

/** What the choice depends on. */
export interface UpstreamPort {
  readonly protocol: Protocol;
  readonly pool: ConnectionPoolSettings | undefined;
  /** The rule's TLS settings. */
  readonly tls: ClientTLSSettings | undefined;
  /** Gateways detect no protocols: what is not known there is HTTP/1.1. */
  readonly router: boolean;
  /** Headers of HTTP/1.1 keep the letters in which they were written. */
  readonly keepsCase: boolean;
  /** The mesh's policy on calling ports with HTTP by HTTP/2; the application behind a sidecar is not asked for that. */
  readonly upgrade: "UPGRADE" | "DO_NOT_UPGRADE" | "never";
  /** Who is called is looked up when it is. */
  readonly lookedUp?: boolean;
}

/** A rule may ask for HTTP/2 on any port, or for the caller's; what holds for the mesh is for ports with HTTP. */
function isUpgraded({ protocol, pool, upgrade }: UpstreamPort): boolean {
  const { h2UpgradePolicy = "DEFAULT", useClientProtocol = false } = pool?.http ?? {};
  if (upgrade === "never" || useClientProtocol) return false;
  if (h2UpgradePolicy !== "DEFAULT") return h2UpgradePolicy === "UPGRADE";
  return upgrade === "UPGRADE" && isHttp(protocol);
}

/** Which HTTP a cluster speaks: what is asked for, else that of the port, or the caller's where the port does not say. */
export function upstreamHttp(port: UpstreamPort): UpstreamHttp {
  const { protocol, pool, router } = port;
  if (isUpgraded(port)) return "http2";
  if (pool?.http?.useClientProtocol === true) return "callers";
  if (isHttp2(protocol)) return "http2";
  return protocol === "Unsupported" && !router ? "callers" : "http1";
}

/** What a cluster offers by ALPN in mutual TLS of the mesh. */
export function meshAlpn(port: UpstreamPort): readonly string[] {
  const http = upstreamHttp(port);
  if (!isHttp(port.protocol) && port.protocol !== "Unsupported") return MESH_ALPN.tcp;
  if (http === "callers") return MESH_ALPN.callersHttp;
  return MESH_ALPN[http];
}

type CommonOptions = NonNullable<HttpProtocolOptionsJson["commonHttpProtocolOptions"]>;

/** The limits on a connection; undefined for none. */
export function commonOptions(pool: ConnectionPoolSettings | undefined): CommonOptions | undefined {
  const options = defined<CommonOptions>({
    idleTimeout: goDuration(pool?.http?.idleTimeout) ?? goDuration(pool?.tcp?.idleTimeout),
    maxConnectionDuration: goDuration(pool?.tcp?.maxConnectionDuration),
    maxRequestsPerConnection: positive(pool?.http?.maxRequestsPerConnection),
  });
  return Object.keys(options).length === 0 ? undefined : options;
}

type TlsOptions = NonNullable<HttpProtocolOptionsJson["upstreamHttpProtocolOptions"]>;

/** The server has to be who the request is for. */
const VERIFIED: TlsOptions = { autoSni: true, autoSanValidation: true };

/** Whether servers have to be who requests are for, where they are called by TLS. */
export function verifiesHost(port: UpstreamPort): boolean {
  const { autoSni = false, autoSanValidation = false } = tlsOptions(port) ?? {};
  return autoSni && autoSanValidation;
}

/**
 * In TLS with servers of the application, or outside of the mesh, the host of the request is the server name, and the
 * server has to be it, where the rule does not say another; undefined where it does. See Istio, ENABLE_AUTO_SNI and
 * VERIFY_CERTIFICATE_AT_CLIENT. Of a cluster that looks up who is called Envoy wants to hear that also where there is no TLS.
 */
function tlsOptions({ tls, lookedUp }: UpstreamPort): TlsOptions | undefined {
  if (lookedUp === true && (tls === undefined || tls.mode === "DISABLE")) return VERIFIED;
  if (tls?.mode !== "SIMPLE" && tls?.mode !== "MUTUAL") return undefined;
  if (tls.sni !== undefined && tls.sni !== "") return undefined;
  const named = (tls.subjectAltNames ?? []).length > 0;
  return {
    autoSni: true,
    ...(named || tls.insecureSkipVerify === true ? {} : { autoSanValidation: true }),
  };
}

type KeepAlive = NonNullable<Http2ProtocolOptionsJson["connectionKeepalive"]>;

/** How long an answer to a ping may take where a rule does not say it, as gRPC has it: Envoy asks for some time. */
const PING_TIMEOUT = "20s";

/** Pings by which a connection is kept, or found to be broken; undefined for none. */
function keepAlive(pool: ConnectionPoolSettings | undefined): KeepAlive | undefined {
  const { interval, timeout } = pool?.http?.http2KeepAlive ?? {};
  const every = goDuration(interval);
  return every === undefined
    ? undefined
    : { interval: every, timeout: goDuration(timeout) ?? PING_TIMEOUT };
}

/** What holds for connections of HTTP/2 alone. */
export function http2Options(pool: ConnectionPoolSettings | undefined): Http2ProtocolOptionsJson {
  return defined<Http2ProtocolOptionsJson>({
    maxConcurrentStreams: positive(pool?.http?.maxConcurrentStreams),
    connectionKeepalive: keepAlive(pool),
  });
}

/** The version of HTTP and the limits on connections, as a cluster's protocol options; {} for Envoy's defaults. */
export function protocolOptions(
  port: UpstreamPort,
): Pick<ClusterJson, "typedExtensionProtocolOptions"> {
  const version = upstreamHttp(port);
  const common = commonOptions(port.pool);
  const tls = tlsOptions(port);
  const keepsCase = port.keepsCase && (isHttp(port.protocol) || port.protocol === "Unsupported");
  if (version === "http1" && !keepsCase && common === undefined && tls === undefined) return {};
  const http1 = keepsCase ? writtenAsGiven() : {};
  const http2 = http2Options(port.pool);
  const versions: Readonly<Record<UpstreamHttp, HttpProtocolOptionsJson>> = {
    http1: { explicitHttpConfig: { httpProtocolOptions: http1 } },
    http2: { explicitHttpConfig: { http2ProtocolOptions: http2 } },
    callers: {
      useDownstreamProtocolConfig: { httpProtocolOptions: http1, http2ProtocolOptions: http2 },
    },
  };
  return httpProtocolOptions({
    ...(common === undefined ? {} : { commonHttpProtocolOptions: common }),
    ...(tls === undefined ? {} : { upstreamHttpProtocolOptions: tls }),
    ...versions[version],
  });
}
