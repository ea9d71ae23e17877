/** What Envoy asks of the addresses and filter chains of a listener. */
import ipaddr from "ipaddr.js";
import type { CidrRange } from "../../../gen/types/envoy/config/core/v3/address_pb.js";
import type { FilterChainMatch } from "../../../gen/types/envoy/config/listener/v3/listener_components_pb.js";
import type { Listener } from "../../../gen/types/envoy/config/listener/v3/listener_pb.js";
import type { HttpConnectionManager } from "../../../gen/types/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { unresolvedAddress } from "./endpoint-rules.js";
import { type StructureRule, structureRule } from "./structure-rule.js";
import type { Violation } from "./violation.js";

/** Numbers of `SocketAddress.Protocol` and `FilterChainMatch.ConnectionSourceType`. */
const UDP = 1;
const ANY_SOURCE = 0;

function* listenerViolations(listener: Listener): Iterable<Violation> {
  yield* addressViolations(listener);
  if (hasNoChain(listener)) yield { path: "filter_chains", problem: "must have a filter chain" };
  // With a matcher of its own the chains are chosen by their names.
  if (listener.filterChainMatcher !== undefined) return;
  yield* chainViolations(listener);
}

function* addressViolations(listener: Listener): Iterable<Violation> {
  const { address, additionalAddresses, listenerSpecifier, apiListener } = listener;
  if (address !== undefined) yield* unresolvedAddress(address, "address");
  else if (listenerSpecifier.case === undefined && apiListener === undefined) {
    yield { path: "address", problem: "must be set" };
  }
  for (const [index, { address: other }] of additionalAddresses.entries()) {
    const path = `additional_addresses[${index}].address`;
    if (other !== undefined) yield* unresolvedAddress(other, path);
  }
}

function hasNoChain(listener: Listener): boolean {
  const { address, filterChains, defaultFilterChain, apiListener, fcdsConfig } = listener;
  const protocol: number | undefined =
    address?.address.case === "socketAddress" ? address.address.value.protocol : undefined;
  return (
    filterChains.length === 0 &&
    protocol !== UDP &&
    [defaultFilterChain, apiListener, fcdsConfig].every((other) => other === undefined)
  );
}

function* chainViolations({ filterChains }: Listener): Iterable<Violation> {
  const taken = new Map<string, number>();
  for (const [index, { filterChainMatch: match }] of filterChains.entries()) {
    const path = `filter_chains[${index}].filter_chain_match`;
    yield* serverNameViolations(match, path);
    const ways = waysInto(match);
    const rival = ways.map((way) => taken.get(way)).find((other) => other !== undefined);
    if (rival !== undefined) {
      const problem = `must not take connections that filter_chains[${rival}] takes by the same conditions`;
      yield { path, problem };
    } else if (new Set(ways).size < ways.length) {
      yield { path, problem: "must not have a condition twice" };
    }
    for (const way of ways) if (!taken.has(way)) taken.set(way, index);
  }
}

function* serverNameViolations(
  match: FilterChainMatch | undefined,
  path: string,
): Iterable<Violation> {
  for (const [index, found] of (match?.serverNames ?? []).entries()) {
    if (found.startsWith("*.") || !found.includes("*")) continue;
    const problem = "must have no wildcard but a whole first label";
    yield { path: `${path}.server_names[${index}]`, problem, found };
  }
}

/** The combinations of single conditions under which a chain is chosen; no two chains may have one in common. */
function waysInto(match: FilterChainMatch | undefined): readonly string[] {
  if (match === undefined) return [""];
  const sourceType: number = match.sourceType;
  const conditions: readonly (readonly (string | number)[])[] = [
    [match.destinationPort ?? ""],
    match.prefixRanges.map(network),
    match.serverNames.map((name) => name.toLowerCase().replace(/^\*\./, ".")),
    [match.transportProtocol],
    match.applicationProtocols,
    match.directSourcePrefixRanges.map(network),
    [sourceType === ANY_SOURCE ? "" : sourceType],
    match.sourcePrefixRanges.map(network),
    match.sourcePorts,
  ];
  let ways: readonly (readonly (string | number)[])[] = [[]];
  for (const values of conditions) {
    const choices = values.length === 0 ? [""] : values;
    ways = ways.flatMap((way) => choices.map((value) => [...way, value]));
  }
  return ways.map((way) => (way.every((value) => value === "") ? "" : JSON.stringify(way)));
}

/** A range by its first address, so that two ways to write one are equal; one that is none is for its own rule. */
function network({ addressPrefix, prefixLen = 0 }: CidrRange): string {
  if (!ipaddr.isValid(addressPrefix)) return `${addressPrefix}/${prefixLen}`;
  const isLong = ipaddr.parse(addressPrefix).kind() === "ipv6";
  const bits = Math.min(prefixLen, isLong ? 128 : 32);
  const range = `${addressPrefix}/${bits}`;
  const first = isLong
    ? ipaddr.IPv6.networkAddressFromCIDR(range)
    : ipaddr.IPv4.networkAddressFromCIDR(range);
  return `${first.toString()}/${bits}`;
}

const ROUTER = "envoy.extensions.filters.http.router.v3.Router";

/** The router sends requests on, so no filter behind it would see any. */
function* managerViolations({ httpFilters }: HttpConnectionManager): Iterable<Violation> {
  const router = httpFilters.findIndex(
    ({ configType }) =>
      configType.case === "typedConfig" && configType.value.typeUrl.endsWith(`/${ROUTER}`),
  );
  if (router < 0 || router === httpFilters.length - 1) return;
  const found = httpFilters[router + 1]?.name ?? "";
  yield { path: `http_filters[${router + 1}]`, problem: "must not stand behind the router", found };
}

export const LISTENER_RULES: readonly StructureRule[] = [
  structureRule<Listener>("envoy.config.listener.v3.Listener", listenerViolations),
  structureRule<HttpConnectionManager>(
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    managerViolations,
  ),
];
