/** Tells operators what is wrong with a file that they gave, such as a root certificate. */
import type { Logger } from "pino";
import { CertificateError, StateFileError } from "../../ca/ca-error.js";
import { logError } from "../log/log-error.js";

/** What logs an error: a mistake in a file by what is wrong with it, without the stack trace that any other error has. */
export const logMistake =
  (logger: Logger, what: string) =>
  (error: unknown): void => {
    const isMistake = error instanceof CertificateError || error instanceof StateFileError;
    if (!isMistake) logError(logger, what)(error);
    else logger.error({ code: error.code }, `${error.message}; what was in force stays`);
  };
