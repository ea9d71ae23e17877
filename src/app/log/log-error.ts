import type { Logger } from "pino";

/** What logs an error, with what could not be done. */
export const logError =
  (logger: Logger, what: string) =>
  (error: unknown): void => {
    logger.error({ err: error }, what);
  };
