/**
 * Ports of services to which no connection of bytes leads. Where nothing is captured all connections of a port come to one
 * address, and nothing in them says which service is meant: the first has them all.
 */
import { ANY_ADDRESS } from "./address.js";
import { chooseChains, inOrder, requestClaim } from "./chosen-chains.js";
import type { OutboundClaim } from "./outbound-claim.js";

/** A port of a service, and what has its connections. */
export interface LostPort {
  readonly claim: OutboundClaim;
  readonly before: OutboundClaim;
}

/** Those of the services that claim one place. */
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
