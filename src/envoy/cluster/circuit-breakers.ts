import type { ConnectionPoolSettings } from "../../config/kinds/connection-pool.js";
import type { CircuitBreakersJson } from "../api.js";

/** "No limit": Istio sets every threshold, because Envoy's own defaults are low. */
const UNLIMITED = 4294967295;

const limit = (value: number | undefined): number =>
  value === undefined || value <= 0 ? UNLIMITED : value;

/** The limits of a cluster. See Istio, ConnectionPoolSettings. */
export function circuitBreakers(pool: ConnectionPoolSettings | undefined): CircuitBreakersJson {
  return {
    thresholds: [
      {
        maxConnections: limit(pool?.tcp?.maxConnections),
        maxPendingRequests: limit(pool?.http?.http1MaxPendingRequests),
        maxRequests: limit(pool?.http?.http2MaxRequests),
        maxRetries: limit(pool?.http?.maxRetries),
      },
    ],
  };
}
