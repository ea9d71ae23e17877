/**
 * Ports of services that TCP connections cannot reach. Without interception, all connections to a port come to one address of the
 * proxy, and nothing in them says which service is meant: the first service gets all of them.
 */
import { ANY_ADDRESS } from "./address.js";
import { chooseChains, inOrder, requestClaim } from "./chosen-chains.js";
import type { OutboundClaim } from "./outbound-entry.js";

/** A port of a service that gets no connections, and the port that gets them instead. */
export interface LostPort {
  readonly claim: OutboundClaim;
  readonly before: OutboundClaim;
}

/** The lost ports among the claims on one place. */
export function lostPorts(claims: readonly OutboundClaim[]): readonly LostPort[] {
  const ordered = inOrder(claims);
  const [first] = ordered;
  if (first === undefined) return [];
  const at = { address: first.bind ?? ANY_ADDRESS, port: first.port };
  const chosen = chooseChains(ordered, requestClaim(ordered, at));
  const kept = new Set(chosen.map(({ chain }) => chain.target));
  const isServed = ({ chains }: OutboundClaim): boolean =>
    chains.some(({ target }) => kept.has(target));
  const before = ordered.find(
    (claim) => isServed(claim) && claim.chains.some(({ serverNames }) => serverNames.length === 0),
  );
  if (before === undefined) return [];
  return ordered
    .filter((claim) => claim.routes === undefined && claim.chains.length > 0 && !isServed(claim))
    .map((claim) => ({ claim, before }));
}
