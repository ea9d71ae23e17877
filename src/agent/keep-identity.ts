/**
 * Sees that an agent always has a valid certificate: renews it in time, tries again when that fails, and keeps what it gets in the
 * agent's directory.
 */
import { errorMessage } from "../base/error-message.js";
import { withController } from "../base/with-controller.js";
import { renewalTime, retryDelayMs } from "../ca/authority/renewal.js";
import {
  type Certified,
  type CertifyOptions,
  certifyIdentity,
  type Waiting,
} from "./certify-identity.js";
import { faultOf, type Identity } from "./identity.js";
import type { IdentityDirectory } from "./identity-directory.js";

/** What an agent's identity comes to. */
export type IdentityEvent =
  /** What was there when the agent started is of no use. */
  | { readonly kind: "useless"; readonly reason: string }
  /** What was there when the agent started is good. */
  | { readonly kind: "found"; readonly identity: Identity }
  | {
      readonly kind: "certified";
      readonly by: "token" | "certificate";
      readonly identity: Identity;
    }
  /** One that is certified, and cannot be kept yet, for want of space or as the clock is behind: it is held until it can. */
  | { readonly kind: "unkept"; readonly reason: string; readonly retryInMs: number }
  | {
      readonly kind: "waiting";
      readonly reason: string;
      readonly retryInMs: number;
      /** Another token would help. */
      readonly needsToken: boolean;
      /** When the certificate ended, if it has; in milliseconds since 1970. */
      readonly ended?: number;
    };

/** Time, as the renewal needs it. */
export interface AgentClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after that time, or when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** From 0 to 1. */
  random(): number;
}

/** How an identity is kept. */
export interface KeepIdentityOptions extends CertifyOptions {
  readonly directory: IdentityDirectory;
  /** PEM of the roots to trust at first, which the directory may know better. */
  readonly roots: string;
  /** What the directory has, if it is good. */
  readonly current: Identity | undefined;
  readonly clock: AgentClock;
  readonly onEvent: (event: IdentityEvent) => void;
  /** Aborting it ends this. */
  readonly signal: AbortSignal;
}

/** A machine that slept, or whose clock was set, is not late for longer. */
const LONGEST_WAIT_MS = 60_000;
/** To try whether there is space costs nobody but this machine anything. */
const LONGEST_UNKEPT_MS = 15_000;
const SHORTEST_UNKEPT_MS = 1000;
/** Of what chance may say, the middle. */
const HALF_OF_CHANCE = 0.5;

/** Keeps an identity until the signal is aborted. Never rejects. */
export async function keepIdentity(options: KeepIdentityOptions): Promise<void> {
  const { signal } = options;
  let held: Held = { kind: "kept", identity: options.current, roots: options.roots };
  while (!signal.aborted) {
    await untilRenewal(held.identity, options);
    held = await renewed(held, options);
  }
}

/** What an agent has: in its directory, or certified and not yet kept there. */
type Held =
  | { readonly kind: "kept"; readonly identity: Identity | undefined; readonly roots: string }
  | Unkept;

interface Unkept extends Certified {
  readonly kind: "unkept";
  readonly reason: string;
}

async function untilRenewal(
  identity: Identity | undefined,
  { clock, signal }: KeepIdentityOptions,
): Promise<void> {
  if (identity === undefined) return;
  const due = renewalTime(identity, clock.random());
  for (let rest = due - clock.now(); rest > 0 && !signal.aborted; rest = due - clock.now()) {
    await clock.wait(Math.min(rest, LONGEST_WAIT_MS), signal);
  }
}

/** Tries until it comes off, or nobody wants it any more. */
async function renewed(before: Held, options: KeepIdentityOptions): Promise<Held> {
  const { signal, onEvent, clock } = options;
  let held = before;
  for (let failures = 1; !signal.aborted; failures++) {
    const attempt = await attemptRenewal(held, options);
    if (attempt.kind === "certified") {
      onEvent(attempt);
      return { ...attempt, kind: "kept" };
    }
    if (isAborted(signal)) break;
    const retryInMs = retryMs(failures, attempt, clock.now());
    if (attempt.kind === "unkept") {
      held = attempt;
      onEvent({ kind: "unkept", reason: attempt.reason, retryInMs });
    } else {
      const { notAfter = Number.POSITIVE_INFINITY } = held.identity ?? {};
      const ended = clock.now() >= notAfter ? { ended: notAfter } : {};
      onEvent({ ...attempt, ...ended, retryInMs });
    }
    await pause(retryInMs, options);
  }
  return held;
}

/** One that cannot be kept is renewed in time all the same: when it ends another token is needed. */
function retryMs(failures: number, attempt: Unkept | Waiting, now: number): number {
  const usual = retryDelayMs(failures);
  if (attempt.kind === "waiting") return usual;
  const untilDue = renewalTime(attempt.identity, HALF_OF_CHANCE) - now;
  return Math.min(usual, LONGEST_UNKEPT_MS, Math.max(SHORTEST_UNKEPT_MS, untilDue));
}

const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** Until it is time for the next attempt, or there is another token. */
function pause(ms: number, { clock, token, signal }: KeepIdentityOptions): Promise<void> {
  return withController(signal, async (over) => {
    const changed = token === undefined ? [] : [token.changed(over.signal)];
    await Promise.race([clock.wait(ms, over.signal), ...changed]);
    over.abort();
  });
}

type Attempt = ({ readonly kind: "certified" } & Certified) | Unkept | Waiting;

/** What is certified already only has to be kept, unless it is time for another one. */
async function attemptRenewal(held: Held, options: KeepIdentityOptions): Promise<Attempt> {
  const isNew =
    held.kind === "unkept" && options.clock.now() < renewalTime(held.identity, HALF_OF_CHANCE);
  const found = isNew ? held : await certifyIdentity(held, options);
  if (found.kind === "waiting") return found;
  const { by, identity, roots } = found;
  const reason = await notKept(identity, roots, options);
  if (reason !== undefined) return { kind: "unkept", by, identity, roots, reason };
  return { kind: "certified", by, identity, roots };
}

/** Keeps it; says why that cannot be, when it cannot. */
async function notKept(
  identity: Identity,
  roots: string,
  { wanted, clock, directory }: KeepIdentityOptions,
): Promise<string | undefined> {
  const now = clock.now();
  const fault = faultOf(identity, { wanted, roots, now });
  if (fault !== undefined)
    return `${fault}, by the clock of this machine (${new Date(now).toISOString()})`;
  try {
    await directory.keep(identity, roots);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}
