/** When certificates are renewed. */
import { BACKDATE_MS } from "../certificate/certificate-template.js";

/** From when until when a certificate is used, in milliseconds since 1970. */
export interface Lifetime {
  /** When it was issued; its notBefore is earlier, for clocks that are behind. */
  readonly issuedAt: number;
  readonly notAfter: number;
}

/** Half of the life, as Istio's SECRET_GRACE_PERIOD_RATIO: a control plane may be gone for the other half. */
const SHARE = 0.5;
/** A tenth of the life earlier or later, so that what was issued at once is not renewed at once. */
const JITTER = 0.1;
const RETRY_FIRST_MS = 1000;
const RETRY_MOST_MS = 60_000;

/**
 * When to renew: at half life, shifted by chance.
 * @param random from 0 to 1, as of Math.random
 */
export function renewalTime({ issuedAt, notAfter }: Lifetime, random: number): number {
  const share = SHARE + JITTER * (2 * random - 1);
  return Math.round(issuedAt + (notAfter - issuedAt) * share);
}

/** Before this nobody takes it: its notBefore, to which a clock may be set back. */
export function takenSince({ issuedAt }: Pick<Lifetime, "issuedAt">): number {
  return issuedAt - BACKDATE_MS;
}

/** How long to wait after a renewal failed for the n-th time in a row, from 1: 1 s, doubled each time, 60 s at most. */
export function retryDelayMs(failures: number): number {
  return Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** (failures - 1));
}
