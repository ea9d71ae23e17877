/** What the log tells of discovery streams. */
import type { Logger } from "pino";
import type { XdsObserver } from "../../xds/observer.js";
import { createLimitedLog } from "./limited-log.js";

/** Of each kind of event so many lines in a row are written, and then one a second: clients can come, go and refuse at speed. */
const CAPACITY = 1000;
const MAX_ERROR_LENGTH = 1000;
const MAX_NAMES = 20;

/** Writes what happens on streams into the log: refusals as warnings, the rest for those who look closely. */
export function logObserver(logger: Logger, now: () => number): XdsObserver {
  const limited = (level: "info" | "warn", message: string) => {
    const write = (fields: object): void => {
      logger[level](fields, message);
    };
    const log = createLimitedLog({ now, capacity: CAPACITY, write });
    return (fields: Readonly<Record<string, unknown>>): void => {
      log(message, fields);
    };
  };
  const connected = limited("info", "proxy connected");
  const disconnected = limited("info", "proxy disconnected");
  const refused = limited("warn", "proxy refused resources");
  return {
    opened: ({ session, stream, protocol }) => {
      connected({ proxy: session, stream, protocol });
    },
    closed: ({ session, stream, code, reason }) => {
      disconnected({ proxy: session, stream, code, reason });
    },
    pushed: ({ session, typeUrl, resources, removed, bytes, nonce }) => {
      logger.debug({ proxy: session, typeUrl, resources, removed, bytes, nonce }, "sent resources");
    },
    nacked: ({ session, typeUrl, error, names, isRetry }) => {
      if (isRetry === true) {
        logger.debug(
          { proxy: session, typeUrl, names },
          "proxy refused again what it was sent again",
        );
        return;
      }
      const more = names.length - MAX_NAMES;
      refused({
        proxy: session,
        typeUrl,
        error: error.slice(0, MAX_ERROR_LENGTH),
        names: names.slice(0, MAX_NAMES),
        ...(more > 0 ? { more } : {}),
      });
    },
    failed: (error) => {
      logger.error({ err: error }, "a stream failed");
    },
  };
}
