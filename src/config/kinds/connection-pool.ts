import { Duration, Flag, Int32, oneOf, optional, strict, Uint32, type ValueOf } from "./fields.js";

/** TCP keep-alive of the connections to a service. */
export const TcpKeepalive = strict({
  probes: optional(Uint32),
  time: optional(Duration),
  interval: optional(Duration),
});
export type TcpKeepalive = ValueOf<typeof TcpKeepalive>;

/** Limits of both HTTP and TCP connections. */
export const TCPSettings = strict({
  maxConnections: optional(Int32),
  connectTimeout: optional(Duration),
  tcpKeepalive: optional(TcpKeepalive),
  maxConnectionDuration: optional(Duration),
  idleTimeout: optional(Duration),
});
export type TCPSettings = ValueOf<typeof TCPSettings>;

/** Limits of HTTP/1.1, HTTP/2 and gRPC connections. */
export const HTTPSettings = strict({
  http1MaxPendingRequests: optional(Int32),
  http2MaxRequests: optional(Int32),
  maxRequestsPerConnection: optional(Int32),
  maxRetries: optional(Int32),
  idleTimeout: optional(Duration),
  h2UpgradePolicy: optional(oneOf("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE")),
  useClientProtocol: optional(Flag),
  maxConcurrentStreams: optional(Int32),
});
export type HTTPSettings = ValueOf<typeof HTTPSettings>;

/** How many connections and requests a service is given at once (Istio's ConnectionPoolSettings). */
export const ConnectionPoolSettings = strict({
  tcp: optional(TCPSettings),
  http: optional(HTTPSettings),
});
export type ConnectionPoolSettings = ValueOf<typeof ConnectionPoolSettings>;
