/** What a proxy's node metadata asks for the connections that it takes. See Istio, NodeMetadata. */
import { durationMs } from "../../config/duration.js";
import { EXACT_BALANCE_METADATA, IDLE_TIMEOUT_METADATA } from "../../config/node-metadata.js";
import type { Proxy } from "./proxy.js";

/** See the top of this file. */
export interface ConnectionSettings {
  /** Connections are spread evenly over the worker threads. See Envoy, Listener.ConnectionBalanceConfig.ExactBalance. */
  readonly balanced?: true;
  /** How long a connection may be unused, in Go's syntax (`1h`, `0s` for ever). For TCP a DestinationRule counts before it. */
  readonly idleTimeout?: string;
}

/** Of a proxy whose node asks for nothing. */
export const DEFAULT_CONNECTIONS: ConnectionSettings = {};

/** The settings of a proxy for one side. An idle timeout that is no duration is ignored. */
export function connectionSettings(
  { metadata }: Pick<Proxy, "metadata">,
  side: keyof typeof EXACT_BALANCE_METADATA,
): ConnectionSettings {
  const idleTimeout = metadata[IDLE_TIMEOUT_METADATA] ?? "";
  const ms = durationMs(idleTimeout) ?? -1;
  const isBalanced = metadata[EXACT_BALANCE_METADATA[side]] === "true";
  if (!isBalanced && ms < 0) return DEFAULT_CONNECTIONS;
  return { ...(isBalanced ? { balanced: true } : {}), ...(ms >= 0 ? { idleTimeout } : {}) };
}
