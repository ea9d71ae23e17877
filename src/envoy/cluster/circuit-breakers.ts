import type { RetryBudget } from "../../config/kinds/networking/destination-rule/traffic-policy.js";
import type { EffectivePolicy } from "../../mesh/routing/traffic-policy.js";
import type { CircuitBreakers_Thresholds_RetryBudgetJson, CircuitBreakersJson } from "../api.js";
import { goDuration } from "../duration.js";

/** "No limit": Istio sets every threshold, because Envoy's own defaults are low. */
const UNLIMITED = 4294967295;

const limit = (value: number | undefined): number =>
  value === undefined || value <= 0 ? UNLIMITED : value;

/** The share of requests that may be retries, and the retries that there may be always, where a budget does not say. */
const BUDGET_PERCENT = 20;
const BUDGET_MINIMUM = 3;

function retryBudget({
  percent = BUDGET_PERCENT,
  minRetryConcurrency = 0,
  budgetInterval,
}: RetryBudget): CircuitBreakers_Thresholds_RetryBudgetJson {
  const interval = goDuration(budgetInterval);
  return {
    budgetPercent: { value: percent },
    minRetryConcurrency: minRetryConcurrency > 0 ? minRetryConcurrency : BUDGET_MINIMUM,
    ...(interval === undefined ? {} : { budgetInterval: interval }),
  };
}

/** The limits of a cluster. See Istio, ConnectionPoolSettings and TrafficPolicy.RetryBudget. */
export function circuitBreakers({
  connectionPool: pool,
  retryBudget: budget,
}: Pick<EffectivePolicy, "connectionPool" | "retryBudget">): CircuitBreakersJson {
  return {
    thresholds: [
      {
        maxConnections: limit(pool?.tcp?.maxConnections),
        maxPendingRequests: limit(pool?.http?.http1MaxPendingRequests),
        maxRequests: limit(pool?.http?.http2MaxRequests),
        maxRetries: limit(pool?.http?.maxRetries),
        // In its place Envoy goes by this, if it is there.
        ...(budget === undefined ? {} : { retryBudget: retryBudget(budget) }),
      },
    ],
  };
}
