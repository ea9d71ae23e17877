import type { Logger } from "pino";
import { createLimitedLog } from "./limited-log.js";

/** Of one fault so many lines in a row are written: each proxy meets it, after each change. */
const CAPACITY = 3;
const REFILL_PER_SECOND = 1 / 30;

/** What logs faults of ours by which proxies go on with what they have, each of them a few times and then twice a minute. */
export function createFaultLog(
  logger: Pick<Logger, "error">,
  now: () => number,
): (fault: unknown) => void {
  const log = createLimitedLog({
    now,
    capacity: CAPACITY,
    refillPerSecond: REFILL_PER_SECOND,
    write: (fields) => {
      logger.error(
        fields,
        "what proxies should hold could not be made, which is a fault of fairlead's: they go on with what they have",
      );
    },
  });
  return (fault) => {
    log(fault instanceof Error ? (fault.stack ?? fault.message) : String(fault), { err: fault });
  };
}
