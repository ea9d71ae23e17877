/** When a root gives way to the next one: pure questions about slots and time. */
import type { Lifetime } from "./renewal.js";

/** A root that everyone has to trust now. */
export interface TrustedRoot {
  readonly pem: string;
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** Until when, for one that signs no more; absent for those of the slots. */
  readonly until?: number;
}

/** How far the proxies are with what they have to trust. */
export interface Readiness {
  /** Those that do not trust all roots yet, by name. */
  readonly waiting: readonly string[];
  /** How many have accepted all roots. */
  readonly trusting: number;
  /** How many are not given roots over their stream, but have them with their certificates. */
  readonly unseen: number;
}

/**
 * Which roots are to be trusted: those of the slots, and those from before for so long that all that they signed has ended.
 * @param inSlots PEM of the roots of all slots
 * @param keepMs how long a certificate is valid that was signed just before its slot went
 */
export function trustedRoots(
  before: readonly TrustedRoot[],
  inSlots: readonly string[],
  { now, keepMs }: { readonly now: number; readonly keepMs: number },
): readonly TrustedRoot[] {
  const kept = before.flatMap(({ pem, since, until = now + keepMs }): TrustedRoot[] => {
    if (inSlots.includes(pem)) return [{ pem, since }];
    return now < until ? [{ pem, since, until }] : [];
  });
  const added = inSlots.filter((pem) => before.every((root) => root.pem !== pem));
  return [...kept, ...added.map((pem) => ({ pem, since: now }))];
}

/**
 * Whether the next slot may sign: all its roots are trusted by everyone who can be asked, and by those who cannot for as
 * long as it takes them to renew their certificate; agents that were given one without the next root have had another.
 * @param roots PEM of its roots
 */
export function mayActivate(
  roots: readonly string[],
  trusted: readonly TrustedRoot[],
  facts: {
    readonly readiness: Readiness;
    readonly now: number;
    readonly workloadTtlMs: number;
    /** When the last certificate ends that an agent was given without the next root. */
    readonly certifiedUntil: number;
  },
): boolean {
  const { readiness, now, workloadTtlMs, certifiedUntil } = facts;
  const own = trusted.filter(({ pem }) => roots.includes(pem));
  if (own.length < roots.length || readiness.waiting.length > 0) return false;
  const since = Math.max(...own.map((root) => root.since));
  // By then all have ended that were given before these roots were trusted.
  if (now - since >= workloadTtlMs) return true;
  return readiness.unseen === 0 && now >= certifiedUntil;
}

/** Of the life of what signs, how much has to be left. */
const LAST_SHARE = 0.1;

/** Whether a root, or another authority, is so old that the next one has to be made. */
export function shouldPrepareNext({ issuedAt, notAfter }: Lifetime, now: number): boolean {
  return notAfter - now < LAST_SHARE * (notAfter - issuedAt);
}
