import type { AccessLogJson, FilterJson } from "../api.js";
import type { RequestTracing } from "./tracing.js";

/** What a listener logs, counts and traces. */
export interface ListenerLogs {
  /** Of requests. */
  readonly accessLog: readonly AccessLogJson[];
  /** Of connections. */
  readonly connectionLog: readonly AccessLogJson[];
  /** Filters of connections of the mesh by which it is known who calls, where that is counted. */
  readonly callerFilters: readonly FilterJson[];
  /** Of connections that find no filter chain. */
  readonly listenerLog: readonly AccessLogJson[];
  /** The spans of requests; undefined where nothing is traced. */
  readonly tracing: RequestTracing | undefined;
}
