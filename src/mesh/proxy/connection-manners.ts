/** How a proxy deals with connections to it, as its node asks for it. See Istio, NodeMetadata. */
import { durationMs } from "../../config/duration.js";
import { EXACT_BALANCE_METADATA, IDLE_TIMEOUT_METADATA } from "../../config/node-metadata.js";
import type { Proxy } from "./proxy.js";

/** See the top of this file. */
export interface ConnectionManners {
  /** Worker threads get connections in turns, whichever of them accepts one. */
  readonly balanced?: true;
  /** How long a connection may be without use, in Go's syntax (`1h`, `0s` for ever): those of bytes where no rule says it. */
  readonly idleTimeout?: string;
}

/** The manners of proxies that ask for nothing. */
export const USUAL_CONNECTIONS: ConnectionManners = {};

/** How a proxy deals with the connections that it takes on a side; a time that is none is as if it were not told. */
export function connectionManners(
  { metadata }: Pick<Proxy, "metadata">,
  side: keyof typeof EXACT_BALANCE_METADATA,
): ConnectionManners {
  const idleTimeout = metadata[IDLE_TIMEOUT_METADATA] ?? "";
  const ms = durationMs(idleTimeout) ?? -1;
  const isBalanced = metadata[EXACT_BALANCE_METADATA[side]] === "true";
  if (!isBalanced && ms < 0) return USUAL_CONNECTIONS;
  return { ...(isBalanced ? { balanced: true } : {}), ...(ms >= 0 ? { idleTimeout } : {}) };
}
