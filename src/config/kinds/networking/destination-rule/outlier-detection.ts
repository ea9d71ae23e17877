import type { Path } from "../../../kind.js";
import {
  Duration,
  Flag,
  Int32,
  optional,
  strict,
  Uint32,
  type ValueOf,
} from "../../value/fields.js";
import { doubtful, type Findings, given, invalid } from "../../value/findings.js";
import { checkDuration, checkPercent } from "../../value/numbers.js";

/** When an endpoint is taken out of the pool, and for how long (Istio's OutlierDetection). */
export type OutlierDetection = ValueOf<typeof OutlierDetection>;
export const OutlierDetection = strict({
  /** Deprecated; Istio ignores it. */
  consecutiveErrors: optional(Int32),
  splitExternalLocalOriginErrors: optional(Flag),
  consecutiveLocalOriginFailures: optional(Uint32),
  consecutiveGatewayErrors: optional(Uint32),
  consecutive5xxErrors: optional(Uint32),
  interval: optional(Duration),
  baseEjectionTime: optional(Duration),
  maxEjectionPercent: optional(Int32),
  minHealthPercent: optional(Int32),
});

/** Times and percentages in range, and no setting that another one makes void. */
export function* checkOutlierDetection(outlier: OutlierDetection, path: Path): Findings {
  if ((outlier.consecutiveErrors ?? 0) !== 0) {
    const at = [...path, "consecutiveErrors"];
    yield doubtful(at, "consecutiveErrors has no effect: write consecutive5xxErrors");
  }
  const { consecutiveLocalOriginFailures: failures = 0 } = outlier;
  if (failures > 0 && outlier.splitExternalLocalOriginErrors !== true) {
    const at = [...path, "consecutiveLocalOriginFailures"];
    yield invalid(at, "it has no effect without splitExternalLocalOriginErrors: true");
  }
  yield* given(outlier.interval, [...path, "interval"], checkDuration);
  yield* given(outlier.baseEjectionTime, [...path, "baseEjectionTime"], checkDuration);
  yield* given(outlier.maxEjectionPercent, [...path, "maxEjectionPercent"], checkPercent);
  yield* given(outlier.minHealthPercent, [...path, "minHealthPercent"], checkPercent);
}
