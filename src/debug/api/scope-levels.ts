/** How much is logged, from much to nothing: Istio's words. */
export const SCOPE_LEVELS = ["trace", "debug", "info", "warn", "error", "none"] as const;

export type ScopeLevel = (typeof SCOPE_LEVELS)[number];
