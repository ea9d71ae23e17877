import type { ClusterJson } from "../../envoy/api.js";

/** How many of a hundred endpoints Envoy takes out, where nothing says it. */
const DEFAULT_PERCENT = 10;
const DEFAULT_FAILURES = 5;

/** When endpoints are taken out, and how many of all that there are at most: of few it may be none. */
export function outliersText(
  {
    consecutive5xx,
    consecutiveGatewayFailure,
    maxEjectionPercent: percent = DEFAULT_PERCENT,
  }: NonNullable<ClusterJson["outlierDetection"]>,
  all: number,
): string {
  const after = `out after ${consecutive5xx ?? consecutiveGatewayFailure ?? DEFAULT_FAILURES} failures`;
  const most = Math.floor((all * percent) / 100);
  return most === 0
    ? `${after}, but at most ${percent} % of ${all}, which is none`
    : `${after}, at most ${most} of ${all}`;
}
