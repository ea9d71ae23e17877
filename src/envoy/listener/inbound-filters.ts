/** What becomes of the requests and connections that a sidecar's inbound listeners take. */
import { defined } from "../../base/defined.js";
import type { HTTPRetry } from "../../config/kinds/networking/virtual-service/http-retry.js";
import type { Protocol } from "../../mesh/service/protocol.js";
import type { FilterJson, RouteConfigurationJson, TransportSocketJson } from "../api.js";
import type { InboundPort } from "../cluster/inbound-cluster.js";
import {
  type ConnectionManagerSettings,
  httpConnectionManager,
  serverSide,
} from "../filter/http-connection-manager.js";
import { tcpProxy } from "../filter/network-filters.js";
import type { SecurityFilters } from "../filter/security-filters.js";
import { INBOUND_PASSTHROUGH_CLUSTER, inboundClusterName } from "../names.js";
import { inboundRetryPolicy } from "../route/retry-policy.js";
import type { ListenerLogs } from "../telemetry/listener-logs.js";
import type { ServerTlsPolicy } from "../tls/mutual-tls.js";
import { sharedConfig } from "../wire/shared-message.js";
import { mutualTlsSocket } from "./inbound-chains.js";

/** What all inbound listeners of a sidecar depend on. */
export interface InboundSettings extends ConnectionManagerSettings, ListenerLogs {
  /** What becomes of requests that fail. */
  readonly retries: HTTPRetry | undefined;
  /** How long a client's first bytes are waited for, by which its protocol is detected; `0s` is without limit. */
  readonly detectionTimeout: string;
  readonly tls: ServerTlsPolicy;
  readonly security: Pick<SecurityFilters, "http" | "network">;
}

/** What the listeners of all sidecars with the same settings have in common. */
export interface InboundShared {
  /** See `mutualTlsSocket`. */
  readonly mutualTls: TransportSocketJson;
  /** The filters of ports that no service has. */
  readonly passthrough: Readonly<Record<"http" | "tcp", readonly FilterJson[]>>;
}

/** See `InboundShared`: made once for all that are alike, and encoded once. */
export function inboundShared(settings: InboundSettings): InboundShared {
  const filters = (http: boolean): readonly FilterJson[] =>
    inboundFilters(PASSTHROUGH, http, settings).map(sharedConfig);
  return {
    mutualTls: mutualTlsSocket(settings.tls),
    passthrough: { http: filters(true), tcp: filters(false) },
  };
}

/** A port of the application; its routes and statistics are named after the first service that has it. */
export function portTarget(port: InboundPort, statName: string): InboundTarget {
  const service = port.services[0];
  return {
    cluster: inboundClusterName(port.targetPort),
    statPrefix: `inbound_${statName};`,
    virtualHost: `inbound|http|${String(port.servicePort)}`,
    operation: `${service?.host ?? ""}:${String(port.servicePort)}/*`,
    protocol: port.protocol,
  };
}

/** Everything on a port goes to one cluster. Requests of gRPC are not sent again: they may be streams. */
function inboundRoutes(
  { cluster, virtualHost, operation, protocol }: InboundTarget,
  retries: InboundSettings["retries"],
): RouteConfigurationJson {
  const isGrpc = protocol === "GRPC" || protocol === "GRPC-Web";
  const retryPolicy = isGrpc ? undefined : inboundRetryPolicy(retries);
  return {
    name: cluster,
    virtualHosts: [
      {
        name: virtualHost,
        domains: ["*"],
        routes: [
          {
            name: "default",
            match: { prefix: "/" },
            route: {
              cluster,
              timeout: "0s",
              ...defined({ retryPolicy }),
              maxStreamDuration: { maxStreamDuration: "0s", grpcTimeoutHeaderMax: "0s" },
            },
            decorator: { operation },
          },
        ],
      },
    ],
    validateClusters: false,
  };
}

/** Where connections to one port go, and by which names. */
export interface InboundTarget {
  readonly cluster: string;
  readonly statPrefix: string;
  readonly virtualHost: string;
  readonly operation: string;
  readonly protocol: Protocol;
}

/** Where connections go to ports that no service has. */
const PASSTHROUGH: InboundTarget = {
  cluster: INBOUND_PASSTHROUGH_CLUSTER,
  statPrefix: `${INBOUND_PASSTHROUGH_CLUSTER};`,
  virtualHost: "inbound|http|0",
  operation: ":0/*",
  protocol: "Unsupported",
};

/** The filters of a chain for requests, or for bytes. */
export function inboundFilters(
  target: InboundTarget,
  http: boolean,
  options: InboundSettings,
): readonly FilterJson[] {
  if (!http) {
    return [
      ...options.security.network,
      tcpProxy({
        statPrefix: target.cluster,
        target: { cluster: target.cluster },
        accessLog: [...options.connectionLog],
        fromPeers: true,
        connections: options.connections,
      }),
    ];
  }
  return [
    httpConnectionManager(
      {
        statPrefix: target.statPrefix,
        routes: { inline: inboundRoutes(target, options.retries) },
        filters: { security: options.security.http, grpcWeb: target.protocol === "GRPC-Web" },
        side: serverSide(options.headers),
      },
      options,
    ),
  ];
}
