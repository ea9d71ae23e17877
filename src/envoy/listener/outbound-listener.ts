/** The outbound listeners of a sidecar, each for some ports of services; see virtual-outbound for the one before them. */
import { portPart } from "../../mesh/service/service.js";
import type { ListenerJson } from "../api.js";
import { httpInspector, tlsInspector } from "../filter/network-filters.js";
import { HTTP_PROXY_ROUTE } from "../names.js";
import { ANY_ADDRESS, balancing, type ListenerAddress, listenAt } from "./address.js";
import { type ChosenChain, chooseChains, inOrder, isOpen, requestEntry } from "./chosen-chains.js";
import {
  chainParts,
  chainsJson,
  type ListenerChains,
  type MadeChain,
  type MadeListener,
  unmade,
} from "./made-chain.js";
import {
  httpChain,
  type OutboundListenerOptions,
  passthroughChain,
  plainHttpChain,
  proxyChain,
  tcpChain,
} from "./outbound-chains.js";
import type { OutboundEntry } from "./outbound-entry.js";

/**
 * Chains, and one for what none of them takes. Beside others that has to be the listener's default: Envoy looks at one
 * condition after the other and never goes back, so bytes would be lost to a chain that is for HTTP in plaintext.
 */
function chainsWithRest(chains: readonly MadeChain[], rest: MadeChain): ListenerChains {
  const json: Partial<ListenerJson> =
    chains.length === 0
      ? { filterChains: [rest.json] }
      : { filterChains: chainsJson(chains), defaultFilterChain: rest.json };
  return { json, chains: chainParts([...chains, rest]) };
}

/** What becomes of requests, and the ports of the services that share it. */
interface Requests extends Pick<OutboundEntry, "proxied">, Pick<MadeChain, "parts"> {
  readonly routes: string;
  /** They are for a port of gRPC-Web: as the first service says, whatever others there are. */
  readonly grpcWeb: boolean;
}

function requestsOf(
  entries: readonly OutboundEntry[],
  { routes, proxied = false, servicePort }: OutboundEntry,
): Requests | undefined {
  if (routes === undefined) return undefined;
  const sharing = entries.filter((entry) => entry.routes === routes);
  const parts = sharing.map((one) => portPart(one, one.servicePort));
  return { routes, proxied, parts, grpcWeb: servicePort.protocol === "GRPC-Web" };
}

/** Where a listener listens, and what becomes of connections that no entry is for. */
export interface OutboundPlace {
  readonly at: ListenerAddress;
  /** false: the listener only gets connections that were redirected to `virtualOutbound`. */
  readonly bind: boolean;
  /** The cluster of connections that no entry is for. */
  readonly fallbackCluster: string;
}

const asError = (fault: unknown): Error =>
  fault instanceof Error ? fault : new Error(String(fault));

/**
 * The listener that all these entries share; undefined when none of them says anything.
 * @throws the fault of an entry
 */
export function outboundListener(
  entries: readonly OutboundEntry[],
  place: OutboundPlace,
  options: OutboundListenerOptions,
): MadeListener | undefined {
  for (const { fault } of entries) if (fault !== undefined) throw asError(fault);
  const ordered = inOrder(entries);
  const entry = requestEntry(ordered, place.at);
  const requests = entry && requestsOf(ordered, entry);
  const chains = chooseChains(ordered, entry);
  if (requests === undefined && chains.length === 0) return undefined;
  const where = listenAt(place.at, options.families);
  const made =
    requests !== undefined && chains.length === 0 && place.at.address !== ANY_ADDRESS
      ? onlyRequests(requests, where.name, options)
      : toldApart(chains, requests, { place, name: where.name, options });
  const json: ListenerJson = {
    ...where,
    ...made.json,
    listenerFiltersTimeout: requests === undefined ? "0s" : options.detectionTimeout,
    continueOnListenerFiltersTimeout: true,
    trafficDirection: "OUTBOUND",
    ...(place.bind ? {} : { bindToPort: false }),
    ...balancing(options.connections),
  };
  return { json, chains: made.chains };
}

/** At an address that is there for HTTP alone nothing has to be told apart. */
function onlyRequests(
  { routes, proxied, parts, grpcWeb }: Requests,
  listener: string,
  options: OutboundListenerOptions,
): ListenerChains {
  const chain = proxied === true ? proxyChain : httpChain;
  const filterChains = [chain({ name: routes }, listener, { ...options, grpcWeb })];
  return { json: { filterChains }, chains: [parts] };
}

/** Requests and bytes, told apart by how they begin, and bytes by where they are meant to go. */
function toldApart(
  chains: readonly ChosenChain[],
  requests: Requests | undefined,
  { place, name, options }: ListenerContext,
): ListenerChains {
  const open = chains.find(isOpen);
  const rest =
    open === undefined
      ? unmade(passthroughChain(options, place.fallbackCluster))
      : tcpChain(open, options);
  const closed = chains.filter((one) => !isOpen(one)).map((one) => tcpChain(one, options));
  const forRequests =
    requests === undefined
      ? []
      : [
          {
            json: plainHttpChain({ name: requests.routes }, name, {
              ...options,
              grpcWeb: requests.grpcWeb,
            }),
            parts: requests.parts,
          },
        ];
  const { json, chains: made } = chainsWithRest([...closed, ...forRequests], rest);
  const listenerFilters = [
    ...(chains.some(({ chain }) => chain.serverNames.length > 0) ? [tlsInspector()] : []),
    ...(requests === undefined ? [] : [httpInspector()]),
  ];
  return { json: { ...json, listenerFilters }, chains: made };
}

interface ListenerContext {
  readonly place: OutboundPlace;
  readonly name: string;
  readonly options: OutboundListenerOptions;
}

/** An HTTP proxy for a sidecar's application. */
export function httpProxyListener(
  place: ListenerAddress,
  options: OutboundListenerOptions,
): MadeListener {
  const at = listenAt(place);
  const json: ListenerJson = {
    ...at,
    filterChains: [proxyChain({ name: HTTP_PROXY_ROUTE }, at.name, options)],
    trafficDirection: "OUTBOUND",
  };
  return { json, chains: [] };
}
