/** Loggers that tell a service of requests and connections, by gRPC. See Istio, telemetry_logging.go. */

import { defined } from "../../base/defined.js";
import { byKey } from "../../base/text/compare-text.js";
import type { ToldLogService } from "../../mesh/telemetry/access-logging.js";
import { any } from "../any.js";
import type { AccessLogFilterJson, AccessLogJson } from "../api.js";
import { outboundClusterName } from "../names.js";
import { DEFAULT_LOG_FORMAT, formattersFor } from "./access-log.js";

/** By what a log is called that a provider gives no name. */
const USUAL_NAMES = {
  envoyHttpAls: "http_envoy_accesslog",
  envoyTcpAls: "tcp_envoy_accesslog",
  envoyOtelAls: "otel_envoy_accesslog",
} as const;

/** The cluster by which a proxy tells a service. */
export function logServiceCluster({ service, hostname }: ToldLogService): string {
  return outboundClusterName({ port: service.settings.port, subset: "", hostname });
}

/** What all have in common. */
function common(target: ToldLogService) {
  const { kind, settings } = target.service;
  const { logName = "" } = settings;
  return {
    logName: logName === "" ? USUAL_NAMES[kind] : logName,
    grpcService: {
      envoyGrpc: { clusterName: logServiceCluster(target), authority: target.hostname },
    },
  };
}

function accessLogService(target: ToldLogService, filterStateObjects: readonly string[] = []) {
  return {
    ...common(target),
    transportApiVersion: "V3",
    ...(filterStateObjects.length === 0 ? {} : { filterStateObjectsToLog: filterStateObjects }),
  };
}

/** A value of OpenTelemetry: a text that is a format, a list or a map of them. Anything else is what it is in JSON. */
function otelValue(value: unknown): object {
  if (typeof value === "string") return { stringValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(otelValue) } };
  if (typeof value === "object" && value !== null) return { kvlistValue: otelValues(value) };
  return { stringValue: JSON.stringify(value) };
}

function otelValues(fields: object): { readonly values: readonly object[] } {
  const sorted = Object.entries(fields).sort(byKey);
  return { values: sorted.map(([key, value]) => ({ key, value: otelValue(value) })) };
}

/** The body is the text, the attributes are the labels: both of them, where a provider has both. */
function openTelemetryLog(target: ToldLogService): object {
  const { text = DEFAULT_LOG_FORMAT, json } = target;
  return {
    ...common(target),
    disableBuiltinLabels: true,
    body: { stringValue: text },
    ...(json === undefined ? {} : { attributes: otelValues(json) }),
    ...formattersFor([text, json]),
  };
}

const NAMES = {
  envoyHttpAls: "envoy.access_loggers.http_grpc",
  envoyTcpAls: "envoy.access_loggers.tcp_grpc",
  envoyOtelAls: "envoy.access_loggers.open_telemetry",
} as const;

function typedConfig(target: ToldLogService): NonNullable<AccessLogJson["typedConfig"]> {
  const { service } = target;
  switch (service.kind) {
    case "envoyHttpAls": {
      const { settings } = service;
      return any("envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig", {
        commonConfig: accessLogService(target, settings.filterStateObjectsToLog),
        ...defined({
          additionalRequestHeadersToLog: settings.additionalRequestHeadersToLog,
          additionalResponseHeadersToLog: settings.additionalResponseHeadersToLog,
          additionalResponseTrailersToLog: settings.additionalResponseTrailersToLog,
        }),
      });
    }
    case "envoyTcpAls":
      return any("envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig", {
        commonConfig: accessLogService(target, service.settings.filterStateObjectsToLog),
      });
    case "envoyOtelAls":
      return any(
        "envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig",
        openTelemetryLog(target),
      );
  }
}

/** The logger of a service. */
export function serviceAccessLog(
  target: ToldLogService,
  filter?: AccessLogFilterJson,
): AccessLogJson {
  return {
    name: NAMES[target.service.kind],
    ...(filter === undefined ? {} : { filter }),
    typedConfig: typedConfig(target),
  };
}
