import type { AccessLogJson } from "../api.js";
import type { RequestTracing } from "./tracing.js";

/** What a listener logs, counts and traces. */
export interface ListenerLogs {
  /** Of requests. */
  readonly accessLog: readonly AccessLogJson[];
  /** Of connections. */
  readonly connectionLog: readonly AccessLogJson[];
  /** Of connections that find no filter chain. */
  readonly listenerLog: readonly AccessLogJson[];
  /** The spans of requests; undefined where nothing is traced. */
  readonly tracing: RequestTracing | undefined;
}
