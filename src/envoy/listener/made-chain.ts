/** Filter chains with what made them: a listener remembers it, and tells who asks. */
import type { Decision } from "../../mesh/security/tls-decisions.js";
import type { FilterChainJson, ListenerJson } from "../api.js";

/** A filter chain, and the parts of resources that made it: none of what is the same in every mesh. */
export interface MadeChain {
  readonly json: FilterChainJson;
  readonly parts: readonly Decision[];
}

/** A listener, and what made each of its filter chains, see `EnvoyResource.chains`; none of one that every mesh has. */
export interface MadeListener {
  readonly json: ListenerJson;
  readonly chains: readonly (readonly Decision[])[];
}

/** Of a listener its chains, and what stands before them. */
export interface ListenerChains extends Pick<MadeListener, "chains"> {
  readonly json: Partial<ListenerJson>;
}

/** A filter chain that every mesh has. */
export const unmade = (json: FilterChainJson): MadeChain => ({ json, parts: [] });

/** The chains as Envoy has them. */
export const chainsJson = (chains: readonly MadeChain[]): FilterChainJson[] =>
  chains.map(({ json }) => json);

/** What made chains, in their order. */
export const chainParts = (chains: readonly MadeChain[]): MadeListener["chains"] =>
  chains.map(({ parts }) => parts);
