import type { MeshConfig } from "../../config/mesh-config/mesh-config.js";
import type { GatewayTopology, ProxyHeaders } from "../../config/mesh-config/mesh-config-schema.js";
import type { ConnectionSettings } from "../../mesh/proxy/connection-settings.js";
import type { HttpSettings } from "../../mesh/proxy/http-settings.js";
import { any } from "../any.js";
import type { FilterJson, HttpConnectionManagerJson } from "../api.js";
import { adsSource } from "../config-source.js";
import { goDuration } from "../duration.js";
import type { ListenerLogs } from "../telemetry/listener-logs.js";
import { writtenAsGiven } from "./header-case.js";
import { type HttpFilterOptions, httpFilters } from "./http-filters.js";

/** Where a connection manager's routes are: asked for by name, or part of it. */
export type Routes =
  | { readonly name: string }
  | { readonly inline: NonNullable<HttpConnectionManagerJson["routeConfig"]> };

/** What all connection managers of a side of a proxy have in common. */
export interface ConnectionManagerSettings extends Pick<ListenerLogs, "accessLog" | "tracing"> {
  readonly pathNormalization: MeshConfig["pathNormalization"]["normalization"];
  /** What is said of the headers that the proxy adds. */
  readonly headers: HttpSettings;
  readonly connections: ConnectionSettings;
}

/** What distinguishes one connection manager from another. */
export interface HttpConnectionManagerOptions {
  readonly statPrefix: string;
  readonly routes: Routes;
  readonly filters: Omit<HttpFilterOptions, "headers">;
  /** Fields of the side: what becomes of the client's certificate and address. */
  readonly side: Partial<HttpConnectionManagerJson>;
}

type PathFields = Pick<
  HttpConnectionManagerJson,
  "normalizePath" | "mergeSlashes" | "pathWithEscapedSlashesAction"
>;

/** How paths are made comparable. See Istio, MeshConfig.pathNormalization. */
function pathFields(normalization: ConnectionManagerSettings["pathNormalization"]): PathFields {
  switch (normalization) {
    case "NONE":
      return {};
    case "BASE":
      return { normalizePath: true, pathWithEscapedSlashesAction: "KEEP_UNCHANGED" };
    case "MERGE_SLASHES":
      return {
        normalizePath: true,
        mergeSlashes: true,
        pathWithEscapedSlashesAction: "KEEP_UNCHANGED",
      };
    case "DECODE_AND_MERGE_SLASHES":
      return {
        normalizePath: true,
        mergeSlashes: true,
        pathWithEscapedSlashesAction: "UNESCAPE_AND_FORWARD",
      };
  }
}

/** The side of a sidecar on which its own application calls. */
export const OUTBOUND_SIDE: Partial<HttpConnectionManagerJson> = { useRemoteAddress: false };

/**
 * The side of a sidecar on which others call its application. The caller's certificate is told to the application; what a
 * plaintext caller says of certificates is dropped by Envoy, as there is none to forward.
 */
export function serverSide({
  forwardedClientCert = "UNDEFINED",
  setCurrentClientCertDetails = {},
}: ProxyHeaders): Partial<HttpConnectionManagerJson> {
  const forwardClientCertDetails =
    forwardedClientCert === "UNDEFINED" ? "APPEND_FORWARD" : forwardedClientCert;
  const addsOwn = ["APPEND_FORWARD", "SANITIZE_SET"].includes(forwardClientCertDetails);
  const details = { subject: true, dns: true, uri: true, ...setCurrentClientCertDetails };
  return {
    useRemoteAddress: false,
    serverName: "istio-envoy",
    forwardClientCertDetails,
    ...(addsOwn ? { setCurrentClientCertDetails: details } : {}),
  };
}

type HeaderFields = Pick<
  HttpConnectionManagerJson,
  | "serverName"
  | "serverHeaderTransformation"
  | "generateRequestId"
  | "appendXForwardedPort"
  | "httpProtocolOptions"
>;

/**
 * The headers that a connection manager adds, and how it writes them; and what of HTTP/1 it reads. See Istio,
 * ProxyConfig.ProxyHeaders, and NodeMetadata.HTTP10.
 */
function headerFields(
  { server, requestId, xForwardedPort, preserveHttp1HeaderCase, acceptsHttp10 }: HttpSettings,
  usualName: string | undefined,
): HeaderFields {
  const http1: HeaderFields["httpProtocolOptions"] = {
    ...(acceptsHttp10 === true ? { acceptHttp10: true } : {}),
    ...(preserveHttp1HeaderCase === true ? writtenAsGiven() : {}),
  };
  const { disabled: isQuiet = false, value = "" } = server ?? {};
  const serverName = value === "" ? usualName : value;
  return {
    ...(isQuiet || serverName === undefined ? {} : { serverName }),
    ...(isQuiet ? { serverHeaderTransformation: "PASS_THROUGH" } : {}),
    ...(requestId?.disabled === true ? { generateRequestId: false } : {}),
    ...(xForwardedPort?.enabled === true ? { appendXForwardedPort: true } : {}),
    ...(Object.keys(http1).length > 0 ? { httpProtocolOptions: http1 } : {}),
  };
}

/**
 * The side of a gateway: the edge of the mesh, which believes nothing that clients say of themselves, but for what the
 * proxies in front of it add of which the configuration tells. See Istio, Topology.
 */
export function gatewaySide({
  numTrustedProxies = 0,
  forwardClientCertDetails = "UNDEFINED",
}: GatewayTopology = {}): Partial<HttpConnectionManagerJson> {
  return {
    useRemoteAddress: true,
    ...(numTrustedProxies > 0 ? { xffNumTrustedHops: numTrustedProxies } : {}),
    serverName: "istio-envoy",
    forwardClientCertDetails:
      forwardClientCertDetails === "UNDEFINED" ? "SANITIZE_SET" : forwardClientCertDetails,
    setCurrentClientCertDetails: { subject: true, cert: true, dns: true, uri: true },
  };
}

/** An HTTP connection manager as a network filter. */
export function httpConnectionManager(
  { statPrefix, routes, filters, side: { serverName, ...side } }: HttpConnectionManagerOptions,
  settings: ConnectionManagerSettings,
): FilterJson {
  const { accessLog, tracing, headers } = settings;
  const idleTimeout = goDuration(settings.connections.idleTimeout);
  const manager: HttpConnectionManagerJson = {
    statPrefix,
    ...("name" in routes
      ? { rds: { configSource: adsSource(), routeConfigName: routes.name } }
      : { routeConfig: routes.inline }),
    httpFilters: httpFilters({ ...filters, headers }),
    streamIdleTimeout: "0s",
    ...(idleTimeout === undefined ? {} : { commonHttpProtocolOptions: { idleTimeout } }),
    ...(accessLog.length > 0 ? { accessLog: [...accessLog] } : {}),
    ...(tracing === undefined ? {} : { tracing: tracing.manager }),
    ...side,
    ...headerFields(headers, serverName),
    proxy100Continue: true,
    upgradeConfigs: [{ upgradeType: "websocket" }, ...(side.upgradeConfigs ?? [])],
    ...pathFields(settings.pathNormalization),
    requestIdExtension: {
      typedConfig: any("envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig", {
        useRequestIdForTraceSampling: tracing?.useRequestId ?? true,
      }),
    },
  };
  return {
    name: "envoy.filters.network.http_connection_manager",
    typedConfig: any(
      "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
      manager,
    ),
  };
}
