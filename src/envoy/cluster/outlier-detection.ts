import { defined, positive } from "../../base/defined.js";
import type { OutlierDetection } from "../../config/kinds/networking/destination-rule/outlier-detection.js";
import type { OutlierDetectionJson } from "../api.js";
import { goDuration } from "../duration.js";

/** A detector that is on for any number above zero and off for zero. */
const enforced = (count: number | undefined): number | undefined => {
  if (count === undefined) return undefined;
  return count > 0 ? 100 : 0;
};

/** How a failing endpoint is put aside for a while. See Istio, OutlierDetection. */
export function outlierDetection(outlier: OutlierDetection): OutlierDetectionJson {
  const local = positive(outlier.consecutiveLocalOriginFailures);
  const split = outlier.splitExternalLocalOriginErrors === true;
  return defined<OutlierDetectionJson>({
    consecutive5xx: outlier.consecutive5xxErrors,
    enforcingConsecutive5xx: enforced(outlier.consecutive5xxErrors),
    consecutiveGatewayFailure: outlier.consecutiveGatewayErrors,
    enforcingConsecutiveGatewayFailure: enforced(outlier.consecutiveGatewayErrors),
    interval: goDuration(outlier.interval),
    baseEjectionTime: goDuration(outlier.baseEjectionTime),
    maxEjectionPercent: positive(outlier.maxEjectionPercent),
    // Success rates need more hosts than a service here has.
    enforcingSuccessRate: 0,
    splitExternalLocalOriginErrors: split ? true : undefined,
    consecutiveLocalOriginFailure: split ? local : undefined,
    enforcingConsecutiveLocalOriginFailure: split ? enforced(local) : undefined,
    enforcingLocalOriginSuccessRate: split ? 0 : undefined,
  });
}
