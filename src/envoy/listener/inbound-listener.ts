/** The inbound listeners of a sidecar. */
import type { AddressFamilies } from "../../mesh/proxy/proxy.js";
import { type DecidedMode, decidingPart } from "../../mesh/security/peer-authentication.js";
import { isHttp } from "../../mesh/service/protocol.js";
import type { ListenerJson } from "../api.js";
import type { InboundPort } from "../cluster/inbound-cluster.js";
import { originalDestination } from "../filter/network-filters.js";
import { VIRTUAL_INBOUND, VIRTUAL_INBOUND_PORT } from "../names.js";
import {
  ANY_ADDRESS,
  balancing,
  CONNECTIONS_PER_EVENT,
  type ListenerAddress,
  listenAt,
} from "./address.js";
import { loopChain } from "./filter-chain.js";
import { inboundChains, inboundFilterChain, terminatingChain } from "./inbound-chains.js";
import {
  type InboundSettings,
  type InboundShared,
  inboundFilters,
  portTarget,
} from "./inbound-filters.js";
import { inspectors } from "./inspectors.js";
import { chainParts, chainsJson, type MadeChain, type MadeListener, unmade } from "./made-chain.js";

/** A port with the mode in force on it. */
export interface SecuredPort {
  readonly port: InboundPort;
  readonly decided: DecidedMode;
}

/** What all inbound listeners of a sidecar have in common. */
export interface InboundListenerOptions extends InboundSettings, InboundShared {
  readonly families: AddressFamilies;
}

/** The mode on the ports that no service has. */
export interface PassthroughModes {
  readonly decided: DecidedMode;
  /** Ports for which a policy says something else. */
  readonly ports: readonly { readonly port: number; readonly decided: DecidedMode }[];
}

/** The chains of a port of the application; `name` is that of its listener. */
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
    unmade(loopChain("virtualInbound-blackhole", VIRTUAL_INBOUND_PORT)),
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
