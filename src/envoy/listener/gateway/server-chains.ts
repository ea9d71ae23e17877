/** The chains of each of the servers that share a port, by what becomes of its connections. */
import { type GatewayServer, serverPart } from "../../../mesh/gateway/gateway.js";
import { isHttp } from "../../../mesh/service/protocol.js";
import type { FilterJson } from "../../api.js";
import { gatewaySide, httpConnectionManager } from "../../filter/http-connection-manager.js";
import { gatewayRouteName } from "../../route/gateway-route.js";
import { type ListenerAddress, listenAt } from "../address.js";
import { TRANSPORT_SOCKET_TIMEOUT } from "../filter-chain.js";
import type { NamedChain } from "./distinct-chains.js";
import { l4ServerChains } from "./l4-server-chains.js";
import { passedChains } from "./passed-chains.js";
import { type GatewayListenerOptions, serverNames, sniMatch, tlsFields } from "./server-fields.js";

/** The prefix of the statistics of a server's requests: its name. Servers in plaintext share one. See Istio, Server.name. */
function statPrefix(
  { server: { name = "" }, protocol }: GatewayServer,
  at: ListenerAddress,
  { families }: GatewayListenerOptions,
): string {
  const isNamed = name !== "" && !isHttp(protocol);
  return isNamed ? name : `outbound_${listenAt(at, families).name};`;
}

function httpFilter(
  routes: string,
  one: GatewayServer,
  at: ListenerAddress,
  options: GatewayListenerOptions,
): FilterJson {
  return httpConnectionManager(
    {
      statPrefix: statPrefix(one, at, options),
      routes: { name: routes },
      filters: {
        security: options.security.http,
        perRoute: options.filters.get(routes),
        grpcWeb: one.protocol === "GRPC-Web",
      },
      side: gatewaySide(options.topology),
    },
    options,
  );
}

/** The chains of one of the servers that share a port. */
export function serverChains(
  one: GatewayServer,
  servers: readonly GatewayServer[],
  at: ListenerAddress,
  options: GatewayListenerOptions,
): readonly NamedChain[] {
  if (one.server.tls?.mode === "AUTO_PASSTHROUGH") return passedChains(one, options);
  const routes = gatewayRouteName(one);
  if (routes === undefined) return l4ServerChains(one, options);
  const encrypted = !isHttp(one.protocol);
  const json = {
    ...(encrypted ? sniMatch(serverNames(one)) : {}),
    filters: [httpFilter(routes, one, at, options)],
    transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
    ...(encrypted ? tlsFields(one, options) : {}),
  };
  // Those in plaintext have one table and one chain together.
  const sharing = servers.filter((other) => gatewayRouteName(other) === routes);
  return [{ json, parts: sharing.map(serverPart) }];
}
