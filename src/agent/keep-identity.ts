/** Sees that an agent has a valid certificate: the first one by a token, each one after it by the one before. */

import { errorMessage } from "../base/error-message.js";
import { withController } from "../base/with-controller.js";
import { renewalTime, retryDelayMs } from "../ca/authority/renewal.js";
import { generateKeyPair, privateKeyPem, requestPem } from "../ca/certificate/x509.js";
import type { CallerProof, CertifiedAnswer } from "../ca/issue/certificate-client.js";
import type { Redacted } from "../ca/redacted.js";
import { CallRefused } from "../grpc/call-refused.js";
import { status } from "../grpc/status-code.js";
import {
  faultOf,
  type Identity,
  readIdentity,
  readRoots,
  type WantedIdentity,
} from "./identity.js";
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

/** The join token, in a file that somebody may write anew. */
export interface TokenFile {
  /** What it says now. Rejects when it cannot be read, with a message that names it. */
  read(): Promise<Redacted<string>>;
  /** Resolves when the file is another one, or the signal is aborted. */
  changed(signal: AbortSignal): Promise<void>;
}

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
export interface KeepIdentityOptions {
  readonly wanted: WantedIdentity;
  readonly directory: IdentityDirectory;
  /** PEM of the roots to trust at first, which the directory may know better. */
  readonly roots: string;
  /** What the directory has, if it is good. */
  readonly current: Identity | undefined;
  /** Absent when there is none; then only a valid certificate helps. */
  readonly token?: TokenFile;
  /** Asks the control plane, which has to be of these roots. */
  readonly certify: (roots: string, proof: CallerProof, csr: string) => Promise<CertifiedAnswer>;
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

type Held =
  | { readonly kind: "kept"; readonly identity: Identity | undefined; readonly roots: string }
  | Unkept;

/** What is certified: who has lost it may need another token. */
interface Certified {
  readonly by: "token" | "certificate";
  readonly identity: Identity;
  readonly roots: string;
}

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

interface Waiting {
  readonly kind: "waiting";
  readonly reason: string;
  readonly needsToken: boolean;
}

type Attempt = ({ readonly kind: "certified" } & Certified) | Unkept | Waiting;

/** What is certified already only has to be kept, unless it is time for another one. */
async function attemptRenewal(held: Held, options: KeepIdentityOptions): Promise<Attempt> {
  const isNew =
    held.kind === "unkept" && options.clock.now() < renewalTime(held.identity, HALF_OF_CHANCE);
  const found = isNew ? held : await attemptCertification(held, options);
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

type Certification = ({ readonly kind: "certified" } & Certified) | Waiting;

/** By the certificate as long as it is valid. One that is refused may have been revoked: then a token helps. */
async function attemptCertification(
  held: Held,
  options: KeepIdentityOptions,
): Promise<Certification> {
  const { identity, roots } = held;
  const { clock, wanted, token } = options;
  if (
    identity !== undefined &&
    faultOf(identity, { wanted, roots, now: clock.now() }) === undefined
  ) {
    try {
      return {
        kind: "certified",
        by: "certificate",
        ...(await certified(identity, roots, options)),
      };
    } catch (error) {
      if (!isRefusal(error) || token === undefined) return waiting(error, isRefusal(error));
    }
  }
  if (token === undefined) {
    return { kind: "waiting", reason: "there is no valid certificate", needsToken: true };
  }
  try {
    const proof = { token: await token.read() };
    return { kind: "certified", by: "token", ...(await certified(proof, roots, options)) };
  } catch (error) {
    return waiting(error, true);
  }
}

function waiting(error: unknown, needsToken: boolean): Waiting {
  return {
    kind: "waiting",
    reason: errorMessage(error),
    // A token helps nobody who does not reach the control plane.
    needsToken: needsToken && !isUnreached(error),
  };
}

const isRefusal = (error: unknown): boolean =>
  error instanceof CallRefused && error.code === status.UNAUTHENTICATED;

const isUnreached = (error: unknown): boolean =>
  error instanceof CallRefused &&
  (error.code === status.UNAVAILABLE || error.code === status.DEADLINE_EXCEEDED);

/** Has a new key certified, and looks at what comes back. */
async function certified(
  proof: CallerProof,
  trusted: string,
  { wanted, certify, clock }: KeepIdentityOptions,
): Promise<{ readonly identity: Identity; readonly roots: string }> {
  const keys = await generateKeyPair("P-256");
  const privateKey = await privateKeyPem(keys.privateKey);
  const answer = await certify(trusted, proof, await requestPem(keys));
  const roots = readRoots(answer.roots);
  const identity = readIdentity(answer.chain, privateKey);
  // A clock that is behind, as before a machine has asked for the time, is right soon.
  const now = Math.max(clock.now(), identity.issuedAt);
  const fault = faultOf(identity, { wanted, roots, now });
  if (fault !== undefined) throw new UselessCertificateError(fault);
  return { identity, roots };
}

/** The control plane certified something else than it was asked for. */
class UselessCertificateError extends Error {
  readonly code = "useless-certificate";

  constructor(fault: string) {
    super(`the certificate that the control plane gave is not taken: ${fault}`);
    this.name = "UselessCertificateError";
  }
}
