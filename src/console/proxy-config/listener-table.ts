/** `proxy-config listeners`. */
import { compareText } from "../../base/text/compare-text.js";
import type { ListenerJson } from "../../envoy/api.js";
import { hostAddress } from "./address.js";
import { chainDestination, chainProtocol, chainsOf, describeChainMatch } from "./filter-chain.js";
import type { SourcesOf } from "./known-sources.js";
import { MADE_COLUMNS, madeCells } from "./made-columns.js";

/** What a listener takes, by its filter chains. */
export type ListenerType = "HTTP" | "TCP" | "HTTP+TCP" | "UNKNOWN";

/** Which listeners are meant; what is absent does not matter. */
export interface ListenerFilter {
  readonly address?: string;
  readonly port?: number;
  readonly type?: ListenerType;
}

/** The listeners that are meant, in the order of the table: by port, address, then type. */
export function selectListeners(
  listeners: readonly ListenerJson[],
  { address, port, type }: ListenerFilter,
): readonly ListenerJson[] {
  return listeners
    .filter(
      (listener) =>
        (address === undefined || addressesOf(listener).includes(address.toLowerCase())) &&
        (port === undefined || portOf(listener) === port) &&
        (type === undefined || typeOf(listener) === type),
    )
    .sort(
      (a, b) =>
        portOf(a) - portOf(b) ||
        compareText(addressesOf(a)[0] ?? "", addressesOf(b)[0] ?? "") ||
        compareText(typeOf(a), typeOf(b)),
    );
}

/** The table of listeners, as rows of cells; the first is the heading. Columns and order are istioctl's. */
export function listenerTable(listeners: readonly ListenerJson[]): readonly (readonly string[])[] {
  return [
    ["ADDRESSES", "PORT", "MATCH", "DESTINATION"],
    ...listeners.flatMap((listener) => chainRows(listener)),
  ];
}

/** The same with what made each filter chain. */
export function wideListenerTable(
  listeners: readonly ListenerJson[],
  sourcesOf: SourcesOf<[listener: ListenerJson, index: number]>,
): readonly (readonly string[])[] {
  const [heading = []] = listenerTable([]);
  const rows = listeners.flatMap((listener) =>
    chainRows(listener, (index) => madeCells(sourcesOf(listener, index))),
  );
  return [[...heading, ...MADE_COLUMNS], ...rows];
}

/** The short table: what each listener is for. */
export function listenerTypes(listeners: readonly ListenerJson[]): readonly (readonly string[])[] {
  return [
    ["ADDRESSES", "PORT", "TYPE"],
    ...listeners.map((listener) => [...placeOf(listener), typeOf(listener)]),
  ];
}

/** A row for each filter chain of a listener, by their destinations backwards, with more cells for it. */
export function chainRows(
  listener: ListenerJson,
  more: (index: number) => readonly string[] = () => [],
): readonly (readonly string[])[] {
  return chainsOf(listener)
    .map((chain, index) => ({
      match: describeChainMatch(chain.filterChainMatch),
      destination: chainDestination(chain),
      index,
    }))
    .sort((a, b) => compareText(b.destination, a.destination))
    .map(({ match, destination, index }) => [
      ...placeOf(listener),
      match,
      destination,
      ...more(index),
    ]);
}

const placeOf = (listener: ListenerJson): readonly string[] => [
  addressesOf(listener).join(","),
  String(portOf(listener)),
];

function addressesOf({ address, additionalAddresses = [] }: ListenerJson): readonly string[] {
  return [address, ...additionalAddresses.map((additional) => additional.address)].map((one) =>
    hostAddress(one).host.toLowerCase(),
  );
}

const portOf = ({ address }: ListenerJson): number => hostAddress(address).port ?? 0;

function typeOf(listener: ListenerJson): ListenerType {
  const protocols = new Set(chainsOf(listener).map(chainProtocol));
  if (protocols.has("HTTP")) return protocols.has("TCP") ? "HTTP+TCP" : "HTTP";
  return protocols.has("TCP") ? "TCP" : "UNKNOWN";
}
