/**
 * Ports of services that TCP connections cannot reach. Without interception, all connections to a port come to one address of the
 * proxy, and nothing in them says which service is meant: the first service gets all of them.
 */
import { ANY_ADDRESS } from "./address.js";
import { chooseChains, inOrder, requestEntry } from "./chosen-chains.js";
import type { OutboundEntry } from "./outbound-entry.js";

/** A port of a service that gets no connections, and the port that gets them instead. */
export interface LostPort {
  readonly entry: OutboundEntry;
  readonly before: OutboundEntry;
}

/** The lost ports among the entries of one address and port. */
export function lostPorts(entries: readonly OutboundEntry[]): readonly LostPort[] {
  const ordered = inOrder(entries);
  const [first] = ordered;
  if (first === undefined) return [];
  const at = { address: first.bind ?? ANY_ADDRESS, port: first.port };
  const chosen = chooseChains(ordered, requestEntry(ordered, at));
  const kept = new Set(chosen.map(({ chain }) => chain.target));
  const isServed = ({ chains }: OutboundEntry): boolean =>
    chains.some(({ target }) => kept.has(target));
  const before = ordered.find(
    (entry) => isServed(entry) && entry.chains.some(({ serverNames }) => serverNames.length === 0),
  );
  if (before === undefined) return [];
  return ordered
    .filter((entry) => entry.routes === undefined && entry.chains.length > 0 && !isServed(entry))
    .map((entry) => ({ entry, before }));
}
