/** What the filter chains of inbound, outbound and gateway listeners have in common. */
import { DEFAULT_CONNECTIONS } from "../../mesh/proxy/connection-settings.js";
import type { FilterChainJson, FilterChainMatchJson } from "../api.js";
import { tcpProxy } from "../filter/network-filters.js";
import { BLACK_HOLE_CLUSTER } from "../names.js";

/** How long a TLS handshake may take. */
export const TRANSPORT_SOCKET_TIMEOUT = "15s";

/** HTTP in plaintext as its first bytes show it. HTTP/1.0 is passed on as bytes, since Envoy would refuse it as HTTP. */
export const PLAIN_HTTP: FilterChainMatchJson = {
  transportProtocol: "raw_buffer",
  applicationProtocols: ["http/1.1", "h2c"],
};

/** Ends connections to the very port of a listener to which the kernel redirects all others: it would call itself for ever. */
export const loopChain = (name: string, port: number): FilterChainJson => ({
  name,
  filterChainMatch: { destinationPort: port },
  filters: [
    tcpProxy({
      statPrefix: BLACK_HOLE_CLUSTER,
      target: { cluster: BLACK_HOLE_CLUSTER },
      accessLog: [],
      connections: DEFAULT_CONNECTIONS,
    }),
  ],
});
