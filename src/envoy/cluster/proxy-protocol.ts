import type { ProxyProtocol } from "../../config/kinds/networking/destination-rule/traffic-policy.js";
import { any } from "../any.js";
import type { ClusterJson, TransportSocketJson } from "../api.js";
import { plaintextSocket } from "../tls/mutual-tls.js";

type TransportSockets = Pick<ClusterJson, "transportSocket" | "transportSocketMatches">;

const UPSTREAM_TRANSPORT =
  "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport";

/**
 * The transport sockets of a cluster with a header of the PROXY protocol ahead of all that they send, which tells the
 * server who called. See Istio, TrafficPolicy.ProxyProtocol.
 */
export function withProxyProtocol(
  sockets: TransportSockets,
  settings: ProxyProtocol | undefined,
): TransportSockets {
  if (settings === undefined) return sockets;
  const { version = "V1" } = settings;
  const announced = (inner: TransportSocketJson): TransportSocketJson => ({
    name: "envoy.transport_sockets.upstream_proxy_protocol",
    typedConfig: any(UPSTREAM_TRANSPORT, { config: { version }, transportSocket: inner }),
  });
  const { transportSocket, transportSocketMatches } = sockets;
  if (transportSocketMatches === undefined) {
    return { transportSocket: announced(transportSocket ?? plaintextSocket()) };
  }
  return {
    transportSocketMatches: transportSocketMatches.map((match) => ({
      ...match,
      transportSocket: announced(match.transportSocket ?? plaintextSocket()),
    })),
  };
}
