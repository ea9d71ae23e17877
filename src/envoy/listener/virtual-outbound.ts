/** The listener `virtualOutbound`, to which the kernel redirects what the application of a sidecar sends. */
import type { FilterChainJson, ListenerJson } from "../api.js";
import { httpInspector, tcpProxy } from "../filter/network-filters.js";
import { VIRTUAL_OUTBOUND, VIRTUAL_OUTBOUND_PORT } from "../names.js";
import { catchAllHost } from "../route/virtual-host.js";
import { ANY_ADDRESS, CONNECTIONS_PER_EVENT, listenAt } from "./address.js";
import { loopChain } from "./filter-chain.js";
import type { MadeListener } from "./made-chain.js";
import { type OutboundListenerOptions, plainHttpChain } from "./outbound-chains.js";

const LOOP_CHAIN = loopChain("virtualOutbound-blackhole", VIRTUAL_OUTBOUND_PORT);

/** A server that speaks first is heard after this time where requests and other bytes have to be told apart. */
const INSPECTION_TIMEOUT = "1s";

/** The ways of connections to addresses that no service has. */
function catchAllChains(options: OutboundListenerOptions): Partial<ListenerJson> {
  const { cluster, requestCluster } = options.unknown;
  const bytes: FilterChainJson = {
    name: "virtualOutbound-catchall-tcp",
    filters: [
      tcpProxy({
        statPrefix: cluster,
        target: { cluster },
        accessLog: [...options.connectionLog],
        connections: options.connections,
      }),
    ],
  };
  if (requestCluster === cluster) return { filterChains: [LOOP_CHAIN, bytes] };
  const virtualHosts = [catchAllHost(options.unknown, options.headers)];
  const inline = { virtualHosts, validateClusters: false };
  const requests = plainHttpChain({ inline }, VIRTUAL_OUTBOUND, options);
  return {
    filterChains: [LOOP_CHAIN, { name: "virtualOutbound-catchall-http", ...requests }],
    defaultFilterChain: bytes,
    listenerFilters: [httpInspector()],
    listenerFiltersTimeout: INSPECTION_TIMEOUT,
    continueOnListenerFiltersTimeout: true,
  };
}

/** The listener to which the kernel redirects all outbound connections; it hands them on by their destination. */
export function virtualOutboundListener(options: OutboundListenerOptions): MadeListener {
  const json: ListenerJson = {
    ...listenAt({ address: ANY_ADDRESS, port: VIRTUAL_OUTBOUND_PORT }, options.families),
    name: VIRTUAL_OUTBOUND,
    useOriginalDst: true,
    ...catchAllChains(options),
    trafficDirection: "OUTBOUND",
    maxConnectionsToAcceptPerSocketEvent: CONNECTIONS_PER_EVENT,
    ...(options.listenerLog.length > 0 ? { accessLog: [...options.listenerLog] } : {}),
  };
  return { json, chains: [] };
}
