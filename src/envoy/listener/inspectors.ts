/** The listener filters that read the first bytes of a connection, by which filter chains are told apart. */
import type { FilterChainJson, FilterChainMatchJson, ListenerFilterJson } from "../api.js";
import { httpInspector, tlsInspector } from "../filter/network-filters.js";

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

/** Those that some chains need, on the ports of these chains. */
export function inspectors(chains: readonly FilterChainJson[]): ListenerFilterJson[] {
  return [
    ...inspector(tlsInspector(), chains, needsTls),
    ...inspector(httpInspector(), chains, needsHttp),
  ];
}
