/** A certificate that is issued again before it ends, for as long as someone needs it. */

import type { Clock } from "../../base/clock.js";
import type { IssuedCertificate } from "../authority/authority.js";
import { renewalTime, retryDelayMs, takenSince } from "../authority/renewal.js";

/** What renewal needs of the world. */
export interface RenewalOptions {
  readonly clock: Clock;
  /** From 0 to 1; Math.random when absent. */
  readonly random?: () => number;
  /** Told when a renewal failed; it is tried again, the old certificate stays. */
  readonly onError: (error: unknown) => void;
}

/** A renewal that goes on until it is stopped. */
export interface Renewal {
  /** The certificate to use now. */
  readonly current: () => IssuedCertificate;
  /** Issues another one now, and not only when it is time. */
  readonly renewNow: () => void;
  /** Ends it; nothing is called back any more. Resolves when no certificate is being issued. */
  readonly stop: () => Promise<void>;
}

/**
 * Issues a certificate, and a new one at about its half life, again and again; also when the clock was set back to before it
 * began. `onRenewed` is told each of them, the first before this resolves.
 * @throws whatever `issue` throws, of the first certificate
 */
export async function startRenewal(
  issue: () => Promise<IssuedCertificate>,
  options: RenewalOptions & {
    readonly onRenewed: (certificate: IssuedCertificate) => void;
    /** Asked when a renewal is due; false ends it instead. Always true when absent. */
    readonly wanted?: () => boolean;
    /** A certificate from before, to begin with instead of a new one. */
    readonly first?: IssuedCertificate;
  },
): Promise<Renewal> {
  const { clock, random = Math.random, onError, onRenewed } = options;
  let current = options.first ?? (await issue());
  let stopped = false;
  const isStopped = (): boolean => stopped;
  let cancel: () => void = () => undefined;
  let issuing: Promise<void> = Promise.resolve();
  const renewOnce = async (failures: number): Promise<void> => {
    cancel();
    if (isStopped()) return;
    if (options.wanted?.() === false) {
      stopped = true;
      return;
    }
    try {
      const renewed = await issue();
      if (isStopped()) return;
      onRenewed(renewed);
      current = renewed;
      schedule();
    } catch (error) {
      if (isStopped()) return;
      cancel = clock.after(retryDelayMs(failures + 1), () => {
        renew(failures + 1);
      });
      onError(error);
    }
  };
  const renew = (failures: number): void => {
    issuing = issuing.then(() => renewOnce(failures));
  };
  const schedule = (): void => {
    const due = (): void => {
      renew(0);
    };
    cancel = clock.at(renewalTime(current, random()), due, takenSince(current));
  };
  onRenewed(current);
  schedule();
  return {
    current: () => current,
    renewNow: () => {
      renew(0);
    },
    stop: async () => {
      stopped = true;
      cancel();
      await issuing;
    },
  };
}
