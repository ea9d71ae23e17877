/**
 * How a client subscribes to all resources of a type.
 * Source: xDS protocol, "How the client specifies what resources to return".
 */
import { rulesOf } from "../../resource-type.js";

/** The name that stands for all resources of a type. */
export const WILDCARD = "*";

/** Whether these names, in the first request for a type, mean everything because there are none: a legacy wildcard. */
export function isLegacyWildcard(typeUrl: string, names: readonly string[]): boolean {
  return names.length === 0 && rulesOf(typeUrl).emptyMeansAll;
}
