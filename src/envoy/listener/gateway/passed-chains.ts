/** The chains of servers of mode AUTO_PASSTHROUGH: by the names of services, mutual TLS of the mesh is passed on to them. */
import { type GatewayServer, parseServerHost, serverPart } from "../../../mesh/gateway/gateway.js";
import { isSubsetOf } from "../../../mesh/hostname.js";
import type { FilterChainJson } from "../../api.js";
import { tcpProxy } from "../../filter/network-filters.js";
import { type ClusterKey, sniOf } from "../../names.js";
import { MESH_ANY_ALPN } from "../../tls/mutual-tls.js";
import { TRANSPORT_SOCKET_TIMEOUT } from "../filter-chain.js";
import type { MadeChain } from "../made-chain.js";
import type { GatewayListenerOptions } from "./server-fields.js";

/** The clusters to which a server passes connections on: none unless its mode is AUTO_PASSTHROUGH. */
export function passedTo(
  { gateway, server }: GatewayServer,
  keys: readonly ClusterKey[],
): readonly ClusterKey[] {
  if (server.tls?.mode !== "AUTO_PASSTHROUGH") return [];
  const hosts = server.hosts.map((one) => parseServerHost(one, gateway.metadata.namespace).host);
  return keys.filter(({ hostname }) => hosts.some((host) => isSubsetOf(hostname, host)));
}

/**
 * A chain for each service, chosen by the name under which sidecars call it; only mutual TLS of the mesh is taken. Policies
 * of the gateway are not asked: who calls is known to the servers alone.
 */
export function passedChains(
  one: GatewayServer,
  options: GatewayListenerOptions,
): readonly MadeChain[] {
  return passedTo(one, options.passed).map((key) => {
    const name = sniOf(key);
    const json: FilterChainJson = {
      filterChainMatch: { serverNames: [name], applicationProtocols: [...MESH_ANY_ALPN] },
      filters: [
        tcpProxy({
          statPrefix: name,
          target: { cluster: name },
          accessLog: [...options.connectionLog],
          connections: options.connections,
        }),
      ],
      transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
    };
    return { json, parts: [serverPart(one)] };
  });
}
