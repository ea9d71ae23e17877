/** The inbound listeners of a sidecar. */
import { defined } from "../../base/defined.js";
import type { HTTPRetry } from "../../config/kinds/networking/virtual-service/http-retry.js";
import { DEFAULT_CONNECTIONS } from "../../mesh/proxy/connection-settings.js";
import type { AddressFamilies } from "../../mesh/proxy/proxy.js";
import { type DecidedMode, decidingPart } from "../../mesh/security/peer-authentication.js";
import { isHttp, type Protocol } from "../../mesh/service/protocol.js";
import type {
  FilterChainJson,
  FilterChainMatchJson,
  FilterJson,
  ListenerFilterJson,
  ListenerJson,
  RouteConfigurationJson,
  TransportSocketJson,
} from "../api.js";
import type { InboundPort } from "../cluster/inbound-cluster.js";
import {
  type ConnectionManagerSettings,
  httpConnectionManager,
  serverSide,
} from "../filter/http-connection-manager.js";
import {
  httpInspector,
  originalDestination,
  tcpProxy,
  tlsInspector,
} from "../filter/network-filters.js";
import type { SecurityFilters } from "../filter/security-filters.js";
import {
  BLACK_HOLE_CLUSTER,
  INBOUND_PASSTHROUGH_CLUSTER,
  inboundClusterName,
  VIRTUAL_INBOUND,
  VIRTUAL_INBOUND_PORT,
} from "../names.js";
import { inboundRetryPolicy } from "../route/retry-policy.js";
import type { ListenerLogs } from "../telemetry/listener-logs.js";
import type { ServerTlsPolicy } from "../tls/mutual-tls.js";
import { sharedConfig } from "../wire/shared-message.js";
import {
  ANY_ADDRESS,
  balancing,
  CONNECTIONS_PER_EVENT,
  type ListenerAddress,
  listenAt,
} from "./address.js";
import {
  inboundChains,
  inboundFilterChain,
  mutualTlsSocket,
  terminatingChain,
} from "./inbound-chains.js";
import { chainParts, chainsJson, type MadeChain, type MadeListener, unmade } from "./made-chain.js";

/** A port with the mode in force on it. */
export interface SecuredPort {
  readonly port: InboundPort;
  readonly decided: DecidedMode;
}

/** What all inbound listeners of a sidecar depend on. */
export interface InboundSettings extends ConnectionManagerSettings, ListenerLogs {
  /** What becomes of requests that fail. */
  readonly retries: HTTPRetry | undefined;
  /** How long a client's first bytes are waited for, by which its protocol is detected; `0s` is without limit. */
  readonly detectionTimeout: string;
  readonly tls: ServerTlsPolicy;
  readonly security: Pick<SecurityFilters, "http" | "network">;
}

/** What all inbound listeners of a sidecar have in common. */
export interface InboundListenerOptions extends InboundSettings, InboundShared {
  readonly families: AddressFamilies;
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

/** The mode on the ports that no service has. */
export interface PassthroughModes {
  readonly decided: DecidedMode;
  /** Ports for which a policy says something else. */
  readonly ports: readonly { readonly port: number; readonly decided: DecidedMode }[];
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

interface InboundTarget {
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

function inboundFilters(
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

function portTarget(port: InboundPort, statName: string): InboundTarget {
  const service = port.services[0];
  return {
    cluster: inboundClusterName(port.targetPort),
    statPrefix: `inbound_${statName};`,
    virtualHost: `inbound|http|${String(port.servicePort)}`,
    operation: `${service?.host ?? ""}:${String(port.servicePort)}/*`,
    protocol: port.protocol,
  };
}

function portChains(
  { port, decided }: SecuredPort,
  destinationPort: number | undefined,
  name: string,
  options: InboundListenerOptions,
): readonly MadeChain[] {
  const { mode } = decided;
  const target = portTarget(port, name);
  const common = {
    name,
    destinationPort,
    tls: options.tls,
    mutualTls: options.mutualTls,
    callerFilters: options.callerFilters,
    filters: (http: boolean) => inboundFilters(target, http, options),
  };
  // What a Sidecar says of TLS is for clients outside of the mesh: where mutual TLS is taken there are none.
  const chains =
    port.tls !== undefined && mode === "DISABLE"
      ? [terminatingChain(port.tls, { ...common, http: isHttp(port.protocol) })]
      : inboundChains(port.protocol, mode).map((chain) => inboundFilterChain(chain, common));
  const parts = [...port.parts, ...decidingPart(decided)];
  return chains.map((json) => ({ json, parts }));
}

/** Ports that no service has, or one of them: passed on to the application, under the mode of the workload. */
function passthroughChains(
  decided: DecidedMode,
  destinationPort: number | undefined,
  options: InboundListenerOptions,
): readonly MadeChain[] {
  const { tls, mutualTls, callerFilters, passthrough } = options;
  return inboundChains("Unsupported", decided.mode).map((chain) => ({
    json: inboundFilterChain(chain, {
      name: chain.http ? "virtualInbound-catchall-http" : VIRTUAL_INBOUND,
      destinationPort,
      tls,
      mutualTls,
      callerFilters,
      filters: (http) => passthrough[http ? "http" : "tcp"],
    }),
    parts: decidingPart(decided),
  }));
}

/** A connection to the capture port itself would be sent to itself, for ever. */
function blackHoleChain(): FilterChainJson {
  return {
    name: "virtualInbound-blackhole",
    filterChainMatch: { destinationPort: VIRTUAL_INBOUND_PORT },
    filters: [
      tcpProxy({
        statPrefix: BLACK_HOLE_CLUSTER,
        target: { cluster: BLACK_HOLE_CLUSTER },
        accessLog: [],
        connections: DEFAULT_CONNECTIONS,
      }),
    ],
  };
}

type Predicate = NonNullable<ListenerFilterJson["filterDisabled"]>;

function onPorts(ports: readonly number[]): Predicate {
  const ranges = ports.map((port) => ({ destinationPortRange: { start: port, end: port + 1 } }));
  const [first] = ranges;
  // A set of predicates has two members at least.
  return ranges.length === 1 && first !== undefined ? first : { orMatch: { rules: ranges } };
}

/** A listener filter on the ports whose chains need it alone: elsewhere waiting for a client's bytes could be for ever. */
function inspector(
  filter: ListenerFilterJson,
  chains: readonly FilterChainJson[],
  needs: (match: FilterChainMatchJson) => boolean,
): ListenerFilterJson[] {
  const needed = new Map<number | undefined, boolean>();
  for (const { filterChainMatch: match = {} } of chains) {
    const { destinationPort: port } = match;
    needed.set(port, needed.get(port) === true || needs(match));
  }
  const elsewhere = needed.get(undefined) === true;
  const ports = [...needed.keys()].filter(
    (port): port is number => port !== undefined && needed.get(port) !== elsewhere,
  );
  if (ports.length === 0) return elsewhere ? [filter] : [];
  const exceptions = onPorts(ports);
  return [{ ...filter, filterDisabled: elsewhere ? exceptions : { notMatch: exceptions } }];
}

const needsTls = ({ transportProtocol }: FilterChainMatchJson): boolean =>
  transportProtocol === "tls";

const needsHttp = ({ applicationProtocols = [] }: FilterChainMatchJson): boolean =>
  applicationProtocols.includes("http/1.1");

function inspectors(chains: readonly FilterChainJson[]): ListenerFilterJson[] {
  return [
    ...inspector(tlsInspector(), chains, needsTls),
    ...inspector(httpInspector(), chains, needsHttp),
  ];
}

/** What listeners have in common behind their chains. */
function inboundSide(options: InboundListenerOptions): Partial<ListenerJson> {
  return {
    listenerFiltersTimeout: options.detectionTimeout,
    continueOnListenerFiltersTimeout: true,
    trafficDirection: "INBOUND",
    ...balancing(options.connections),
    ...(options.listenerLog.length > 0 ? { accessLog: [...options.listenerLog] } : {}),
  };
}

/** The listener to which the kernel redirects all inbound connections. */
export function virtualInboundListener(
  ports: readonly SecuredPort[],
  passthrough: PassthroughModes,
  options: InboundListenerOptions,
): MadeListener {
  const chains = [
    unmade(blackHoleChain()),
    ...passthroughChains(passthrough.decided, undefined, options),
    ...passthrough.ports.flatMap(({ port, decided }) => passthroughChains(decided, port, options)),
    ...ports.flatMap((secured) => {
      const { targetPort, bind = ANY_ADDRESS } = secured.port;
      const { name } = listenAt({ address: bind, port: targetPort }, options.families);
      return portChains(secured, targetPort, name, options);
    }),
  ];
  const filterChains = chainsJson(chains);
  const json = {
    ...listenAt({ address: ANY_ADDRESS, port: VIRTUAL_INBOUND_PORT }, options.families),
    name: VIRTUAL_INBOUND,
    filterChains,
    listenerFilters: [originalDestination(), ...inspectors(filterChains)],
    ...inboundSide(options),
    maxConnectionsToAcceptPerSocketEvent: CONNECTIONS_PER_EVENT,
  };
  return { json, chains: chainParts(chains) };
}

/** The listener of one port of a sidecar that captures nothing: on the workload's address, where callers expect it. */
export function inboundListener(
  secured: SecuredPort,
  at: ListenerAddress,
  options: InboundListenerOptions,
): MadeListener | undefined {
  const listener = listenAt(at);
  const chains = portChains(secured, undefined, listener.name, options);
  if (chains.length === 0) return undefined;
  const filterChains = chainsJson(chains);
  const json = {
    ...listener,
    filterChains,
    listenerFilters: inspectors(filterChains),
    ...inboundSide(options),
  };
  return { json, chains: chainParts(chains) };
}
