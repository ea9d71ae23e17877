import { WITHOUT_QUERY } from "../../config/kinds/format/format-commands.js";
import type { LogFile } from "../../mesh/telemetry/access-logging.js";
import { any } from "../any.js";
import type { AccessLogFilterJson, AccessLogJson } from "../api.js";

/** Istio's default text format of an access log line. */
export const DEFAULT_LOG_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  "%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n";

/** Envoy's type of a log entry for a connection that has just been made to an endpoint. */
export const CONNECTED = "TcpUpstreamConnected";

/** The formats of Istio's users may have a command that Envoy knows by an extension. */
const WITHOUT_QUERY_FORMATTER = {
  name: "envoy.formatter.req_without_query",
  typedConfig: any("envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery", {}),
};

/** The extensions that formats need. */
export function formattersFor(formats: unknown): { readonly formatters?: object[] } {
  const isNeeded = JSON.stringify(formats).includes(`%${WITHOUT_QUERY}(`);
  return isNeeded ? { formatters: [WITHOUT_QUERY_FORMATTER] } : {};
}

/** A file access logger. */
export function fileAccessLog(log: LogFile, filter?: AccessLogFilterJson): AccessLogJson {
  const text = log.text ?? DEFAULT_LOG_FORMAT;
  const logFormat = {
    ...(log.json === undefined
      ? { textFormatSource: { inlineString: text } }
      : { jsonFormat: log.json }),
    ...(log.omitsEmpty === true ? { omitEmptyValues: true } : {}),
    ...formattersFor(log.json ?? text),
  };
  return {
    name: "envoy.access_loggers.file",
    ...(filter === undefined ? {} : { filter }),
    typedConfig: any("envoy.extensions.access_loggers.file.v3.FileAccessLog", {
      path: log.path,
      logFormat,
    }),
  };
}
