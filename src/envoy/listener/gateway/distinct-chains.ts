/** Which of the chains that servers ask for a listener can have together. */
import type { MadeChain } from "../made-chain.js";

/** A chain, and the names that are said for it beside any name. */
export interface NamedChain extends MadeChain {
  readonly otherNames?: readonly string[];
}

/**
 * Of chains that match the same connections the first one counts: Envoy refuses a listener that has both. A chain that passes TLS on
 * is left out as a whole, as in Istio, whatever other server names it has, and so it is where it asks for any name beside some.
 */
export function distinctChains(chains: readonly NamedChain[]): readonly MadeChain[] {
  const taken = new Set<string>();
  return chains.flatMap(({ otherNames = [], ...chain }) => {
    const { json, parts } = chain;
    const names = [...(json.filterChainMatch?.serverNames ?? [""]), ...otherNames];
    const free = names.filter((name) => !taken.has(name));
    const isWhole = free.length === names.length;
    if (free.length === 0 || (json.transportSocket === undefined && !isWhole)) return [];
    for (const name of free) taken.add(name);
    if (isWhole) return [chain];
    const filterChainMatch = { ...json.filterChainMatch, serverNames: free };
    return [{ json: { ...json, filterChainMatch }, parts }];
  });
}
