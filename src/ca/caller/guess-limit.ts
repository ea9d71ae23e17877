/** How often a peer may present a token that is none: a bucket for each address, filled again as time passes. */
import ipaddr from "ipaddr.js";
import { createBuckets } from "../buckets.js";

/** See the top of this file. */
export interface GuessLimit {
  /** Whether a token of this peer is looked at. */
  allows(peer: string): boolean;
  /** Counts a token that was none. */
  recordMiss(peer: string): void;
}

/** How large the buckets are. */
export interface GuessLimitOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How many misses in a row are let through; 20 when absent. */
  readonly capacity?: number;
  /** How many more each second; 1 when absent: more than a proxy that retries with a bad token needs. */
  readonly refillPerSecond?: number;
  /** Of how many addresses it remembers misses, those of the latest; 10,000 when absent. */
  readonly maxPeers?: number;
}

/** A limit that remembers nothing yet. */
export function createGuessLimit(options: GuessLimitOptions): GuessLimit {
  const { now, capacity = 20, refillPerSecond = 1, maxPeers = 10_000 } = options;
  const buckets = createBuckets({ now, capacity, refillPerSecond, maxKeys: maxPeers });
  return {
    allows: (peer) => buckets.has(networkOf(peer)),
    recordMiss: (peer) => {
      buckets.take(networkOf(peer));
    },
  };
}

/** An IPv6 host has a whole /64 to call from, so all of that is one peer. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString();
}
