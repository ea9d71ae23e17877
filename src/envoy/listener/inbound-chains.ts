/** How a sidecar takes connections for one port of its application. */

import type { ServerTLSSettings } from "../../config/kinds/networking/server-tls-settings.js";
import type { MutualTlsMode } from "../../mesh/security/peer-authentication.js";
import { listenerProtocol, type Protocol } from "../../mesh/service/protocol.js";
import type {
  FilterChainJson,
  FilterChainMatchJson,
  FilterJson,
  TransportSocketJson,
} from "../api.js";
import { gatewayTls } from "../tls/gateway-tls.js";
import {
  inboundMutualTls,
  MESH_ANY_ALPN,
  MESH_HTTP_ALPN,
  type ServerTlsPolicy,
  tlsSocket,
} from "../tls/mutual-tls.js";
import { sharedConfig } from "../wire/shared-message.js";
import { PLAIN_HTTP, TRANSPORT_SOCKET_TIMEOUT } from "./filter-chain.js";

/** Which connections one chain matches. */
export interface InboundChain {
  readonly http: boolean;
  readonly mutualTls: boolean;
  readonly match: FilterChainMatchJson;
}

/** The protocols that a server offers by ALPN. Never `istio-peer-exchange`, which a stock Envoy does not speak. */
const HTTP_ALPN = ["h2", "http/1.1"];
/** The ALPN names by which the mesh's traffic that is not HTTP is recognised. */
const MESH_TCP_ALPN = ["istio-peer-exchange", "istio"];

const TLS: FilterChainMatchJson = { transportProtocol: "tls" };
const PLAINTEXT: FilterChainMatchJson = { transportProtocol: "raw_buffer" };
const MESH_HTTP: FilterChainMatchJson = { ...TLS, applicationProtocols: [...MESH_HTTP_ALPN] };
const MESH_ANY: FilterChainMatchJson = { ...TLS, applicationProtocols: [...MESH_ANY_ALPN] };
const MESH_TCP: FilterChainMatchJson = { ...TLS, applicationProtocols: MESH_TCP_ALPN };
const http = (match: FilterChainMatchJson, mutualTls: boolean): InboundChain => ({
  http: true,
  mutualTls,
  match,
});
const tcp = (match: FilterChainMatchJson, mutualTls: boolean): InboundChain => ({
  http: false,
  mutualTls,
  match,
});

/** The chains by protocol and mode. See Istio, "PeerAuthentication", and its inbound filter chain match options. */
const CHAINS: Readonly<
  Record<"http" | "tcp" | "auto", Readonly<Record<MutualTlsMode, readonly InboundChain[]>>>
> = {
  http: {
    STRICT: [http(TLS, true)],
    PERMISSIVE: [http(MESH_ANY, true), http(PLAINTEXT, false)],
    DISABLE: [http({}, false)],
  },
  tcp: {
    STRICT: [tcp(TLS, true)],
    // TLS without the mesh's names is the application's own, and passed on as it is.
    PERMISSIVE: [tcp(MESH_ANY, true), tcp(TLS, false), tcp(PLAINTEXT, false)],
    DISABLE: [tcp({}, false)],
  },
  auto: {
    STRICT: [http(MESH_HTTP, true), tcp(TLS, true)],
    PERMISSIVE: [
      http(MESH_HTTP, true),
      http(PLAIN_HTTP, false),
      tcp(MESH_TCP, true),
      tcp(PLAINTEXT, false),
      tcp(TLS, false),
    ],
    DISABLE: [http(PLAIN_HTTP, false), tcp(PLAINTEXT, false)],
  },
};

/** The chains of a port, by its protocol and the mode in force; none for UDP. */
export function inboundChains(protocol: Protocol, mode: MutualTlsMode): readonly InboundChain[] {
  const kind = listenerProtocol(protocol);
  return kind === "none" ? [] : CHAINS[kind][mode];
}

/** What the chains of one port have in common. */
export interface InboundChainOptions {
  readonly name: string;
  /** Set where the listener takes the connections of several ports. */
  readonly destinationPort: number | undefined;
  readonly tls: ServerTlsPolicy;
  /** See `mutualTlsSocket`. */
  readonly mutualTls: TransportSocketJson;
  /** See `ListenerLogs.callerFilters`. */
  readonly callerFilters: readonly FilterJson[];
  readonly filters: (http: boolean) => readonly FilterJson[];
}

/** How callers of the mesh are known, on every chain that takes mutual TLS. */
export const mutualTlsSocket = (tls: ServerTlsPolicy): TransportSocketJson =>
  sharedConfig(tlsSocket({ downstream: inboundMutualTls(tls, HTTP_ALPN) }));

/** The chain of a port whose TLS with clients outside of the mesh ends at the sidecar. See Istio, IstioIngressListener.tls. */
export function terminatingChain(
  tls: ServerTLSSettings,
  options: InboundChainOptions & { readonly http: boolean },
): FilterChainJson {
  return {
    ...inboundFilterChain({ http: options.http, mutualTls: false, match: TLS }, options),
    transportSocket: tlsSocket({ downstream: gatewayTls(tls, options.tls) }),
  };
}

/** A chain with the filters behind it. */
export function inboundFilterChain(
  chain: InboundChain,
  options: InboundChainOptions,
): FilterChainJson {
  const { destinationPort } = options;
  const match: FilterChainMatchJson = {
    ...(destinationPort === undefined ? {} : { destinationPort }),
    ...chain.match,
  };
  return {
    name: options.name,
    ...(Object.keys(match).length > 0 ? { filterChainMatch: match } : {}),
    filters: [...(chain.mutualTls ? options.callerFilters : []), ...options.filters(chain.http)],
    transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
    ...(chain.mutualTls ? { transportSocket: options.mutualTls } : {}),
  };
}
