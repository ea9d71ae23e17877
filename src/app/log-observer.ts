import type { Logger } from "pino";
import type { XdsObserver } from "../xds/observer.js";

/** Writes what happens on streams into the log: refusals as warnings, the rest for those who look closely. */
export function logObserver(logger: Logger): XdsObserver {
  return {
    opened: ({ session, stream, protocol }) => {
      logger.info({ proxy: session, stream, protocol }, "proxy connected");
    },
    closed: ({ session, stream, code, reason }) => {
      logger.info({ proxy: session, stream, code, reason }, "proxy disconnected");
    },
    pushed: ({ session, typeUrl, resources, removed, bytes, nonce }) => {
      logger.debug({ proxy: session, typeUrl, resources, removed, bytes, nonce }, "sent resources");
    },
    nacked: ({ session, typeUrl, error, names }) => {
      logger.warn({ proxy: session, typeUrl, error, names }, "proxy refused resources");
    },
    failed: (error) => {
      logger.error({ err: error }, "a stream failed");
    },
  };
}
