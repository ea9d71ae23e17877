import type { Logger } from "pino";
import type { WaitingProxy } from "../sessions/proxy-sessions.js";
import { createLimitedLog } from "./limited-log.js";

/** Of one fault so many lines in a row are written: each proxy meets it, after each change. */
const CAPACITY = 3;
const REFILL_PER_SECOND = 1 / 30;

/** Told of a fault, and who waits for what because of it, having nothing to go on with. */
export type FaultLog = (fault: unknown, waiting?: WaitingProxy) => void;

/**
 * What logs faults of ours by which proxies go on with what they have, each of them a few times and then twice a minute; for
 * a proxy that has nothing, what it waits for, as often.
 */
export function createFaultLog(logger: Pick<Logger, "error">, now: () => number): FaultLog {
  const limited = (message: string) =>
    createLimitedLog({
      now,
      capacity: CAPACITY,
      refillPerSecond: REFILL_PER_SECOND,
      write: (fields) => {
        logger.error(fields, message);
      },
    });
  const goOn = limited(
    "what proxies should hold could not be made, which is a fault of fairlead's: they go on with what they have",
  );
  const wait = limited(
    "what a proxy should hold could not be made, which is a fault of fairlead's: it has nothing of that type, and waits",
  );
  return (fault, waiting) => {
    if (waiting !== undefined) {
      wait(`${waiting.proxy} ${waiting.typeUrl}`, { ...waiting, err: fault });
      return;
    }
    goOn(fault instanceof Error ? (fault.stack ?? fault.message) : String(fault), { err: fault });
  };
}
