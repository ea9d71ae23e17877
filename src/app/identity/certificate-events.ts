/** What became of those who asked for a certificate, or to be let in by one: counted for metrics, and refusals are logged. */
import { TOO_MANY_REQUESTS, UNREADABLE_REQUEST } from "../../ca/issue/certificate-service.js";
import { createLimitedLog } from "../log/limited-log.js";
import type { IdentityOptions } from "./identity-options.js";

/** What became of somebody who wanted to be known, or of an agent's request for the certificate of its key. */
export type CertificateEvent = "certified" | "unauthenticated" | "unreadable" | "failed";

/** Told of a peer that was refused, with what is never a secret. */
export type OnRefused = (reason: string, fields: Readonly<Record<string, unknown>>) => void;

/**
 * Counts and logs who was refused and why. A caller can be refused as often as it likes, so that the lines of the log are
 * limited; one that is refused because it asks too often is logged and not counted.
 */
export function createOnRefused(
  { logger, clock }: Pick<IdentityOptions, "logger" | "clock">,
  tell: (event: CertificateEvent) => void,
): OnRefused {
  const log = createLimitedLog({
    now: clock.now,
    write: (fields) => {
      logger.warn(fields, "refused a proxy");
    },
  });
  return (reason, fields) => {
    if (reason !== TOO_MANY_REQUESTS) {
      tell(reason === UNREADABLE_REQUEST ? "unreadable" : "unauthenticated");
    }
    log(reason, { reason, ...fields });
  };
}
