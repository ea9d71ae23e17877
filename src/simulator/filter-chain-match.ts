/**
 * Which filter chain of a listener takes a connection. The criteria are looked at one after the other; after each, only
 * the chains that fit best by it are left, and there is no way back. See Envoy, FilterChainMatch.
 */
import ipaddr from "ipaddr.js";
import type { FilterChainJson, FilterChainMatchJson, ListenerJson } from "../envoy/api.js";
import type { Call } from "./call.js";
import type { Detected } from "./listener-filters.js";

interface Connection {
  readonly call: Call;
  readonly detected: Detected;
}

/** How well a chain fits: more is better, 0 that it asks for nothing, undefined that it does not fit. */
type Fit = number | undefined;

interface Criterion {
  readonly name: string;
  readonly fit: (match: FilterChainMatchJson, connection: Connection) => Fit;
}

/** The fit by a list of values of which one has to hold; a chain without a list takes everything. */
function best<T>(values: readonly T[] | undefined, fitOf: (value: T) => Fit): Fit {
  if (values === undefined || values.length === 0) return 0;
  const fits = values.map(fitOf).filter((fit) => fit !== undefined);
  return fits.length === 0 ? undefined : Math.max(...fits);
}

const exactly = (wanted: boolean): Fit => (wanted ? 1 : undefined);

type CidrRange = NonNullable<FilterChainMatchJson["prefixRanges"]>[number];

/** A longer prefix fits better; the shortest one, of no bits, still better than no prefix. */
function prefixFit({ addressPrefix = "", prefixLen }: CidrRange, address: string | undefined): Fit {
  if (address === undefined || !ipaddr.isValid(address)) return undefined;
  const length = prefixLen ?? 0;
  const [ip, prefix] = [ipaddr.process(address), ipaddr.process(addressPrefix)];
  return ip.kind() === prefix.kind() && ip.match(prefix, length) ? length + 1 : undefined;
}

/** An exact name fits better than any wildcard, a longer wildcard better than a shorter one. */
function serverNameFit(pattern: string, serverName: string): Fit {
  const wanted = pattern.toLowerCase();
  const name = serverName.toLowerCase();
  if (wanted === name) return Number.MAX_SAFE_INTEGER;
  return wanted.startsWith("*.") && name.endsWith(wanted.slice(1)) ? wanted.length : undefined;
}

function isLocal({ source, destination }: Call): boolean {
  if (source === undefined || !ipaddr.isValid(source.address)) return false;
  return (
    source.address === destination.address || ipaddr.parse(source.address).range() === "loopback"
  );
}

function sourceTypeFit(type: FilterChainMatchJson["sourceType"], call: Call): Fit {
  if (type === undefined || type === "ANY") return 0;
  return exactly((type === "SAME_IP_OR_LOOPBACK") === isLocal(call));
}

/** In the order in which Envoy looks at them. */
const CRITERIA: readonly Criterion[] = [
  {
    name: "destination port",
    fit: ({ destinationPort }, { call }) =>
      destinationPort === undefined ? 0 : exactly(destinationPort === call.destination.port),
  },
  {
    name: "destination address",
    fit: ({ prefixRanges }, { call }) =>
      best(prefixRanges, (range) => prefixFit(range, call.destination.address)),
  },
  {
    name: "server name",
    fit: ({ serverNames }, { detected }) =>
      best(serverNames, (name) => serverNameFit(name, detected.serverName)),
  },
  {
    name: "transport protocol",
    fit: ({ transportProtocol = "" }, { detected }) =>
      transportProtocol === "" ? 0 : exactly(transportProtocol === detected.transportProtocol),
  },
  {
    name: "application protocol",
    fit: ({ applicationProtocols: wanted = [] }, { detected }) => {
      if (wanted.length === 0) return 0;
      const offered = detected.applicationProtocols;
      const first = offered.findIndex((protocol) => wanted.includes(protocol));
      return first < 0 ? undefined : offered.length - first;
    },
  },
  {
    name: "address of the direct peer",
    fit: ({ directSourcePrefixRanges }, { call }) =>
      best(directSourcePrefixRanges, (range) => prefixFit(range, call.source?.address)),
  },
  { name: "kind of source", fit: ({ sourceType }, { call }) => sourceTypeFit(sourceType, call) },
  {
    name: "source address",
    fit: ({ sourcePrefixRanges }, { call }) =>
      best(sourcePrefixRanges, (range) => prefixFit(range, call.source?.address)),
  },
  {
    name: "source port",
    fit: ({ sourcePorts }, { call }) =>
      best(sourcePorts, (port) => exactly(port === call.source?.port)),
  },
];

/** What the choice comes to: one chain, or none, or several that Envoy could not tell apart. */
export type ChainMatch =
  | { readonly chain: FilterChainJson; readonly reason: string }
  | { readonly error: "no-filter-chain" | "ambiguous-filter-chains"; readonly reason: string };

/** Chooses the chain of a connection. */
export function matchFilterChain(
  { filterChains = [], defaultFilterChain }: ListenerJson,
  connection: Connection,
): ChainMatch {
  let left: readonly FilterChainJson[] = filterChains;
  const decisive: string[] = [];
  for (const { name, fit } of CRITERIA) {
    const fits = left.map((chain) => fit(chain.filterChainMatch ?? {}, connection));
    const top = Math.max(...fits.map((one) => one ?? -1));
    const kept = left.filter((_chain, i) => fits[i] === top);
    if (kept.length === 0 && left.length > 0) {
      const reason = `no chain is for its ${name}`;
      return defaultFilterChain === undefined
        ? { error: "no-filter-chain", reason }
        : { chain: defaultFilterChain, reason: `${reason}, so the default takes it` };
    }
    if (kept.length < left.length) decisive.push(name);
    left = kept;
  }
  const [chain, other] = left;
  if (chain === undefined) {
    return defaultFilterChain === undefined
      ? { error: "no-filter-chain", reason: "the listener has no chains" }
      : { chain: defaultFilterChain, reason: "the listener has a default chain alone" };
  }
  if (other !== undefined) {
    return { error: "ambiguous-filter-chains", reason: "several chains are for it alike" };
  }
  const reason = decisive.length === 0 ? "it is the only one" : `chosen by ${decisive.join(", ")}`;
  return { chain, reason };
}
