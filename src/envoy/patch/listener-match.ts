/** Which listeners, and what in them, a patch is for. See Istio, EnvoyFilter.ListenerMatch. */
import type { ListenerMatch } from "../../config/kinds/networking/envoy-patch.js";
import type {
  FilterChainJson,
  FilterChainMatchJson,
  FilterJson,
  HttpFilterJson,
  ListenerJson,
} from "../api.js";
import { VIRTUAL_INBOUND, VIRTUAL_OUTBOUND } from "../names.js";
import { type CompiledPatch, isWanted } from "./compiled-patch.js";

/** The listeners that stand for many ports: there a port is a condition of a chain. */
const isVirtual = (name: string): boolean => name === VIRTUAL_INBOUND || name === VIRTUAL_OUTBOUND;

/** Whether a patch is for something in a listener of this name and port. */
export function matchesListener(
  { name = "", address }: Pick<ListenerJson, "name" | "address">,
  { match, target, phase, listenPorts }: CompiledPatch,
): boolean {
  const { name: wanted, portNumber } = match.listener ?? {};
  if (!isWanted(wanted, name)) return false;
  // What a sidecar passes on unread is for no service. See Istio, buildOutboundCatchAllNetworkFiltersOnly.
  if (phase !== undefined && name === VIRTUAL_OUTBOUND) return false;
  if (listenPorts !== undefined) {
    return listenPorts.includes(address?.socketAddress?.portValue ?? 0);
  }
  const hasPorts = target !== "LISTENER" && isVirtual(name);
  return hasPorts || isWanted(portNumber, address?.socketAddress?.portValue ?? 0);
}

/** Whether a patch is for something in a chain of a listener that it is for. */
export function matchesChain(
  { name: listener = "" }: Pick<ListenerJson, "name">,
  { name = "", filterChainMatch = {} }: FilterChainJson,
  { match }: CompiledPatch,
): boolean {
  const { portNumber, filterChain: wanted = {} } = match.listener ?? {};
  return (
    (!isVirtual(listener) || isWanted(portNumber, filterChainMatch.destinationPort ?? 0)) &&
    isWanted(wanted.name, name) &&
    meetsConditions(filterChainMatch, wanted)
  );
}

type WantedChain = NonNullable<ListenerMatch["filterChain"]>;

function meetsConditions(
  {
    serverNames = [],
    transportProtocol = "",
    applicationProtocols = [],
    destinationPort = 0,
  }: FilterChainMatchJson,
  {
    sni = "",
    transportProtocol: transport,
    applicationProtocols: protocols = "",
    destinationPort: port,
  }: WantedChain,
): boolean {
  return (
    (sni === "" || serverNames.includes(sni)) &&
    isWanted(transport, transportProtocol) &&
    (protocols === "" || protocols.split(",").every((one) => applicationProtocols.includes(one))) &&
    isWanted(port, destinationPort)
  );
}

/** Which network filters a patch names; undefined when it names none. */
export function namedFilter({
  match,
}: CompiledPatch): ((filter: FilterJson) => boolean) | undefined {
  const filter = match.listener?.filterChain?.filter;
  return filter && (({ name = "" }) => name === (filter.name ?? ""));
}

/** Which HTTP filters a patch names; undefined when it names none. */
export function namedHttpFilter({
  match,
}: CompiledPatch): ((filter: HttpFilterJson) => boolean) | undefined {
  const filter = match.listener?.filterChain?.filter?.subFilter;
  return filter && (({ name = "" }) => name === (filter.name ?? ""));
}

/** Which listener filters a patch names; undefined when it names none. */
export function namedListenerFilter({
  match,
}: CompiledPatch): ((filter: { readonly name?: string }) => boolean) | undefined {
  const { listenerFilter = "" } = match.listener ?? {};
  return listenerFilter === "" ? undefined : ({ name = "" }) => name === listenerFilter;
}
