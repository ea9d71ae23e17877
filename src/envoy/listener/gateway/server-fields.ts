/** What the filter chains of a gateway's servers have in common. */
import type { GatewayTopology } from "../../../config/mesh-config/mesh-config-schema.js";
import { type GatewayServer, parseServerHost } from "../../../mesh/gateway/gateway.js";
import type { AddressFamilies } from "../../../mesh/proxy/proxy.js";
import type { VirtualService } from "../../../mesh/routing/virtual-service.js";
import type { FilterChainJson } from "../../api.js";
import type { ConnectionManagerSettings } from "../../filter/http-connection-manager.js";
import type { SecurityFilters } from "../../filter/security-filters.js";
import type { ClusterKey } from "../../names.js";
import type { PerRouteFilters } from "../../route/per-route-filters.js";
import type { ListenerLogs } from "../../telemetry/listener-logs.js";
import { gatewayTls, terminatesTls } from "../../tls/gateway-tls.js";
import { type ServerTlsPolicy, tlsSocket } from "../../tls/mutual-tls.js";
import { type ChainContext, serverNamesOf } from "../l4-chains.js";

/** What all listeners of a gateway have in common. */
export interface GatewayListenerOptions extends ConnectionManagerSettings, ListenerLogs {
  /** The proxies in front of the gateway. */
  readonly topology: GatewayTopology | undefined;
  readonly tls: ServerTlsPolicy;
  readonly security: Pick<SecurityFilters, "http" | "network">;
  readonly virtualServices: (gatewayKey: string) => readonly VirtualService[];
  /** The gateway's own. */
  readonly namespace: string;
  readonly chains: ChainContext;
  readonly families: AddressFamilies;
  readonly filters: PerRouteFilters;
  /** The gateway, and all that it calls, is on one machine. */
  readonly onLoopback: boolean;
  /** The clusters to which servers of mode AUTO_PASSTHROUGH may pass mutual TLS on. */
  readonly passed: readonly ClusterKey[];
}

/** The server names by which a server's chain is chosen; none when it serves every name. */
export function serverNames({ gateway, server }: GatewayServer): readonly string[] {
  const { namespace } = gateway.metadata;
  return serverNamesOf(server.hosts.map((one) => parseServerHost(one, namespace).host));
}

/** The match of a chain that is chosen by such names; none when it takes every connection. */
export function sniMatch(names: readonly string[]): Partial<FilterChainJson> {
  return names.length === 0 ? {} : { filterChainMatch: { serverNames: [...names] } };
}

/** The TLS that ends at a server; none of one in plaintext, and of one that passes TLS on. */
export function tlsFields(
  one: GatewayServer,
  options: GatewayListenerOptions,
): Partial<FilterChainJson> {
  const { server } = one;
  if (server.tls === undefined || !terminatesTls(server)) return {};
  return { transportSocket: tlsSocket({ downstream: gatewayTls(server.tls, options.tls) }) };
}
