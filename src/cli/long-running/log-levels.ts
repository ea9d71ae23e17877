/** How much is logged: pino's words. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;
