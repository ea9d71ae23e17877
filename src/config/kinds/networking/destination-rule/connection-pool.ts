import { durationMs } from "../../../duration.js";
import type { Path } from "../../../kind.js";
import {
  Duration,
  Flag,
  Int32,
  oneOf,
  optional,
  strict,
  Uint32,
  type ValueOf,
} from "../../value/fields.js";
import { type Findings, given, invalid, refuse, tolerate } from "../../value/findings.js";
import { checkDuration, checkDurationOrZero, checkNotNegative } from "../../value/numbers.js";

/** TCP keep-alive of the connections to a service. */
export type TcpKeepalive = ValueOf<typeof TcpKeepalive>;
export const TcpKeepalive = strict({
  probes: optional(Uint32),
  time: optional(Duration),
  interval: optional(Duration),
});

/** Limits of both HTTP and TCP connections; 0 is no limit. */
export type TCPSettings = ValueOf<typeof TCPSettings>;
const TCPSettings = strict({
  maxConnections: optional(Int32),
  connectTimeout: optional(Duration),
  tcpKeepalive: optional(TcpKeepalive),
  maxConnectionDuration: optional(Duration),
  idleTimeout: optional(Duration),
});

/** The pings of HTTP/2 connections, and how long an answer may take before a connection is ended, since Istio 1.31. */
export type Http2KeepAlive = ValueOf<typeof Http2KeepAlive>;
const Http2KeepAlive = strict({
  interval: optional(Duration),
  timeout: optional(Duration),
});

/** Limits of HTTP/1.1, HTTP/2 and gRPC connections; 0 is no limit. */
export type HTTPSettings = ValueOf<typeof HTTPSettings>;
const HTTPSettings = strict({
  http1MaxPendingRequests: optional(Int32),
  http2MaxRequests: optional(Int32),
  maxRequestsPerConnection: optional(Int32),
  maxRetries: optional(Int32),
  idleTimeout: optional(Duration),
  h2UpgradePolicy: optional(oneOf("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE")),
  useClientProtocol: optional(Flag),
  maxConcurrentStreams: optional(Int32),
  http2KeepAlive: optional(Http2KeepAlive),
});

/** How many connections and requests a service is given at once (Istio's ConnectionPoolSettings). */
export type ConnectionPoolSettings = ValueOf<typeof ConnectionPoolSettings>;
export const ConnectionPoolSettings = strict({
  tcp: optional(TCPSettings),
  http: optional(HTTPSettings),
});

/** Envoy counts the whole seconds of a keep-alive in 32 bits, which are 136 years. */
const LONGEST_KEEPALIVE_MS = 1000 * 2 ** 32;

/** Times that Envoy can count. */
export function* checkTcpKeepalive({ time, interval }: TcpKeepalive, path: Path): Findings {
  yield* given(time, [...path, "time"], checkCounted);
  yield* given(interval, [...path, "interval"], checkCounted);
}

const checkCounted = (text: string, path: Path): Findings =>
  refuse(
    path,
    (durationMs(text) ?? 0) < LONGEST_KEEPALIVE_MS
      ? undefined
      : `${text} is too long: at most ${2 ** 32 - 1}s`,
  );

/** Limits that limit something, none of them negative. */
export function* checkConnectionPool(pool: ConnectionPoolSettings, path: Path): Findings {
  if (pool.tcp === undefined && pool.http === undefined) {
    yield invalid(path, "the connection pool says nothing: give tcp or http");
  }
  yield* given(pool.tcp, [...path, "tcp"], checkTcpSettings);
  yield* given(pool.http, [...path, "http"], checkHttpSettings);
}

function* checkTcpSettings(tcp: TCPSettings, path: Path): Findings {
  yield* given(tcp.maxConnections, [...path, "maxConnections"], checkNotNegative);
  yield* given(tcp.connectTimeout, [...path, "connectTimeout"], checkDuration);
  yield* given(tcp.maxConnectionDuration, [...path, "maxConnectionDuration"], checkDuration);
  yield* given(tcp.idleTimeout, [...path, "idleTimeout"], checkTcpIdleTimeout);
  yield* given(tcp.tcpKeepalive, [...path, "tcpKeepalive"], function* (keepalive, at) {
    yield* given(keepalive.time, [...at, "time"], checkDuration);
    yield* given(keepalive.interval, [...at, "interval"], checkDuration);
    yield* checkTcpKeepalive(keepalive, at);
  });
}

/** Istio counts whole milliseconds, of which none is no limit, and so takes what Envoy would end every connection by. */
function checkTcpIdleTimeout(text: string, path: Path): Findings {
  const isNearlyZero = Math.abs(durationMs(text) ?? 0) < 1;
  return isNearlyZero ? tolerate(checkDurationOrZero(text, path)) : checkDuration(text, path);
}

function* checkHttpSettings(http: HTTPSettings, path: Path): Findings {
  const limits = [
    "http1MaxPendingRequests",
    "http2MaxRequests",
    "maxRequestsPerConnection",
    "maxRetries",
    "maxConcurrentStreams",
  ] as const;
  for (const name of limits) yield* given(http[name], [...path, name], checkNotNegative);
  yield* given(http.idleTimeout, [...path, "idleTimeout"], checkDuration);
  if (http.h2UpgradePolicy === "UPGRADE" && http.useClientProtocol === true) {
    const at = [...path, "useClientProtocol"];
    yield invalid(
      at,
      "useClientProtocol excludes h2UpgradePolicy: UPGRADE, which always takes HTTP/2",
    );
  }
  yield* given(http.http2KeepAlive, [...path, "http2KeepAlive"], function* (keepAlive, at) {
    if (keepAlive.interval === undefined) {
      yield invalid([...at, "interval"], "http2KeepAlive needs an interval");
    }
    yield* given(keepAlive.interval, [...at, "interval"], checkDuration);
    yield* given(keepAlive.timeout, [...at, "timeout"], checkDuration);
  });
}
