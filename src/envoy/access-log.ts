import { any } from "./any.js";
import type { AccessLogFilterJson, AccessLogJson } from "./api.js";

/** Istio's default text format of an access log line. */
const DEFAULT_LOG_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n";

/** Envoy's type of a log entry for a connection that has just been made to an endpoint. */
export const CONNECTED = "TcpUpstreamConnected";

/** Where and how requests are logged. */
export interface FileLog {
  readonly path: string;
  /** A text format; each line ends as it does. Absent when `json` is given. */
  readonly text?: string;
  /** A line per request as JSON of these fields. */
  readonly json?: Readonly<Record<string, unknown>>;
}

/** A file access logger. */
export function fileAccessLog(log: FileLog, filter?: AccessLogFilterJson): AccessLogJson {
  const logFormat =
    log.json === undefined
      ? { textFormatSource: { inlineString: log.text ?? DEFAULT_LOG_FORMAT } }
      : { jsonFormat: log.json };
  return {
    name: "envoy.access_loggers.file",
    ...(filter === undefined ? {} : { filter }),
    typedConfig: any("envoy.extensions.access_loggers.file.v3.FileAccessLog", {
      path: log.path,
      logFormat,
    }),
  };
}

/** The listener's own log: connections for which there is no filter chain or cluster (flag NR), which nobody else sees. */
export function listenerAccessLog(log: FileLog): AccessLogJson {
  return fileAccessLog(log, { responseFlagFilter: { flags: ["NR"] } });
}
