/** The chains of servers whose connections are passed on as bytes, where the TLS and TCP routes of VirtualServices say. */
import { compareText } from "../../../base/text/compare-text.js";
import { serverPort } from "../../../config/kinds/networking/gateway.js";
import { type GatewayServer, serverPart } from "../../../mesh/gateway/gateway.js";
import { isOfGatewayApi, isOfTlsRoute } from "../../../mesh/made-of.js";
import type { VirtualService } from "../../../mesh/routing/virtual-service.js";
import type { FilterJson } from "../../api.js";
import { offerTcpAlpn, tcpProxy } from "../../filter/network-filters.js";
import { boundTo } from "../../route/gateway-route.js";
import { terminatesTls } from "../../tls/gateway-tls.js";
import { TRANSPORT_SOCKET_TIMEOUT } from "../filter-chain.js";
import { type ChainContext, type TcpChain, tcpChains, tlsChains } from "../l4-chains.js";
import { lookUpFilter } from "../tcp-target.js";
import type { NamedChain } from "./distinct-chains.js";
import { type GatewayListenerOptions, serverNames, sniMatch, tlsFields } from "./server-fields.js";

function tcpFilters(chain: TcpChain, options: GatewayListenerOptions): FilterJson[] {
  const { clusters } = chain.target;
  const only = clusters.length === 1 ? clusters[0] : undefined;
  return [
    ...options.security.network,
    offerTcpAlpn(),
    ...lookUpFilter(chain.target, options),
    tcpProxy({
      statPrefix: clusters[0]?.name ?? "",
      target: only === undefined ? { weighted: clusters } : { cluster: only.name },
      way: chain.target.way,
      accessLog: [...options.connectionLog],
      connections: options.connections,
    }),
  ];
}

/**
 * VirtualServices of which those that are made of routes of the Gateway API are in the order of these: the older one first, then
 * by namespace and name, whether they are TLSRoutes or TCPRoutes.
 */
function routesByAge(bound: readonly VirtualService[]): readonly VirtualService[] {
  const isMade = ({ resource }: VirtualService): boolean => isOfGatewayApi(resource);
  const bornAt = ({ resource }: VirtualService): string =>
    resource.metadata.creationTimestamp ?? "";
  const made = bound
    .filter(isMade)
    .sort(
      (a, b) =>
        compareText(bornAt(a), bornAt(b)) ||
        compareText(a.source.namespace, b.source.namespace) ||
        compareText(a.source.name, b.source.name),
    )
    .values();
  return bound.map((one) => (isMade(one) ? (made.next().value ?? one) : one));
}

/**
 * The chains of a server whose connections are passed on as bytes: TLS that goes on as it is by the TLS routes and their
 * server names, all else by the TCP routes. See Istio, TLSRoute, "unterminated TLS".
 */
export function l4ServerChains(
  one: GatewayServer,
  options: GatewayListenerOptions,
): readonly NamedChain[] {
  const port = serverPort(one.server);
  const passesTls = one.server.tls !== undefined && !terminatesTls(one.server);
  const context: ChainContext = { ...options.chains, gateways: [one.gatewayKey] };
  const candidates = options.virtualServices(one.gatewayKey);
  const bound = routesByAge(boundTo(one, candidates, options.namespace));
  const chains = bound.flatMap((virtualService) =>
    (passesTls || isOfTlsRoute(virtualService.resource) ? tlsChains : tcpChains)(
      virtualService,
      port,
      context,
    ),
  );
  // Without TLS there is no name to tell hosts apart by.
  const names = one.server.tls === undefined ? [] : serverNames(one);
  return chains
    .filter(({ target }) => target.clusters.length > 0)
    .map((chain) => ({
      json: {
        ...sniMatch(passesTls || chain.serverNames.length > 0 ? chain.serverNames : names),
        filters: tcpFilters(chain, options),
        transportSocketConnectTimeout: TRANSPORT_SOCKET_TIMEOUT,
        ...tlsFields(one, options),
      },
      parts: [serverPart(one), chain.part],
      ...(passesTls ? { otherNames: chain.otherNames ?? [] } : {}),
    }));
}
