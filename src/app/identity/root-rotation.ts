/**
 * Rotates the root certificate of the mesh: looks at the authority again and again, lets it take the next step when it can, and
 * tells everyone what changed.
 */
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../base/clock.js";
import type {
  Authority,
  AuthorityStatus,
  SigningCertificate,
} from "../../ca/authority/authority.js";
import { mayActivate, type Readiness, shouldPrepareNext } from "../../ca/authority/rotation.js";
import { type RotationStatus, rotationStatus } from "../../ca/authority/rotation-status.js";
import { repeat } from "../repeat.js";

/** What a rotation needs of the rest. */
export interface RootRotationOptions {
  readonly authority: Pick<Authority, "roots" | "advance" | "status" | "workloadTtlMs">;
  readonly readiness: () => Readiness;
  /** How far the proxies of this control plane are, whatever those of others trust. */
  readonly ownReadiness: () => Readiness;
  /** Told of the roots that all proxies of this control plane trust, PEM, whenever they are others. */
  readonly onTrusted: (roots: readonly string[]) => void;
  /** Told whenever the roots are others than before. */
  readonly onRoots: (roots: readonly string[]) => void;
  /** Told whenever the status is another one than before, and at the start. */
  readonly onStatus: (status: RotationStatus) => Promise<void>;
  /**
   * Told once a day of what signs and is near its end, while nothing is there that would take its place: when it has ended,
   * so have the certificates of all proxies, and none of them comes back without a new token.
   */
  readonly onEnding: (signing: SigningCertificate) => void;
  /** Told what is wrong, once until it changes; it is tried again. */
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
}

/** How often the files of the authority are looked at, in milliseconds. */
const STEP_MS = 1000;

/** How often it is told that what signs ends soon. */
const REMINDER_MS = 24 * 60 * 60 * 1000;

/** Looks at once and then again and again. The result ends that; it resolves when the step that was being taken is over. */
export function startRootRotation(options: RootRotationOptions): () => Promise<void> {
  const { authority, readiness, clock } = options;
  let lastRoots = authority.roots;
  let lastSeen: AuthorityStatus | undefined;
  let lastStatus: RotationStatus | undefined;
  let nextReminder = 0;
  let trustedByAll: readonly string[] = [];

  /** Costs something only until all trust the roots that they were told of. */
  const lookWhoTrusts = ({ trusted, certifiedUntil }: AuthorityStatus): void => {
    const roots = trusted.map(({ pem }) => pem);
    if (isDeepStrictEqual(roots, trustedByAll)) return;
    const { workloadTtlMs } = authority;
    const facts = { readiness: options.ownReadiness(), now: clock.now(), workloadTtlMs };
    const known = roots.filter(
      (pem) =>
        trustedByAll.includes(pem) || mayActivate([pem], trusted, { ...facts, certifiedUntil }),
    );
    if (isDeepStrictEqual(known, trustedByAll)) return;
    trustedByAll = known;
    options.onTrusted(known);
  };

  const remind = ({ signing, next }: AuthorityStatus): void => {
    const now = clock.now();
    if (next.length > 0 || now < nextReminder || !shouldPrepareNext(signing, now)) return;
    nextReminder = now + REMINDER_MS;
    options.onEnding(signing);
  };
  const step = async (): Promise<void> => {
    await authority.advance(readiness);
    const seen = authority.status();
    remind(seen);
    lookWhoTrusts(seen);
    // Who is waited for while there is a next root changes by itself; nothing else does.
    if (seen === lastSeen && seen.next.length === 0) return;
    if (!isDeepStrictEqual(authority.roots, lastRoots)) {
      lastRoots = authority.roots;
      options.onRoots(lastRoots);
    }
    const status = rotationStatus(seen, readiness);
    if (!isDeepStrictEqual(status, lastStatus)) await options.onStatus(status);
    [lastSeen, lastStatus] = [seen, status];
  };
  return repeat({ step, everyMs: STEP_MS, onError: options.onError, clock });
}
