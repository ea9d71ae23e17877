/** The listeners of a gateway: one for each port, with the servers of all Gateways that use it. */
import type { GatewayServer } from "../../../mesh/gateway/gateway.js";
import type { ListenerJson } from "../../api.js";
import { proxyProtocol, tlsInspector } from "../../filter/network-filters.js";
import { balancing, CONNECTIONS_PER_EVENT, type ListenerAddress, listenAt } from "../address.js";
import { chainParts, chainsJson, type MadeListener } from "../made-chain.js";
import { distinctChains } from "./distinct-chains.js";
import { serverChains } from "./server-chains.js";
import type { GatewayListenerOptions } from "./server-fields.js";

/** The listener of the servers that share a port; undefined when nothing would be served on it. */
export function gatewayListener(
  servers: readonly GatewayServer[],
  at: ListenerAddress,
  options: GatewayListenerOptions,
): MadeListener | undefined {
  const chains = distinctChains(servers.flatMap((one) => serverChains(one, servers, at, options)));
  if (chains.length === 0) return undefined;
  const filterChains = chainsJson(chains);
  const byName = filterChains.some(({ filterChainMatch }) => filterChainMatch !== undefined);
  const encrypted = filterChains.some(({ transportSocket }) => transportSocket !== undefined);
  const listenerFilters = [
    // The PROXY protocol's header comes before all other bytes.
    ...(options.topology?.proxyProtocol === undefined ? [] : [proxyProtocol()]),
    ...(byName || encrypted ? [tlsInspector()] : []),
  ];
  const json: ListenerJson = {
    ...listenAt(at, options.families),
    filterChains,
    // A client from outside that never sends its ClientHello is let go after Envoy's own time.
    ...(listenerFilters.length > 0 ? { listenerFilters } : {}),
    maxConnectionsToAcceptPerSocketEvent: CONNECTIONS_PER_EVENT,
    trafficDirection: "OUTBOUND",
    ...balancing(options.connections),
    ...(options.listenerLog.length > 0 ? { accessLog: [...options.listenerLog] } : {}),
  };
  return { json, chains: chainParts(chains) };
}
