import { Duration, Flag, Int32, optional, strict, Uint32, type ValueOf } from "./fields.js";

/** When an endpoint is taken out of the pool, and for how long (Istio's OutlierDetection). */
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
export type OutlierDetection = ValueOf<typeof OutlierDetection>;
