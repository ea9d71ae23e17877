/** Gets a certificate of a new key from the control plane: by the certificate before it or, where that is of no use, by a token. */
import { errorMessage } from "../base/error-message.js";
import { generateKeyPair, privateKeyPem, requestPem } from "../ca/certificate/x509.js";
import type { CallerProof, CertifiedAnswer } from "../ca/issue/certificate-client.js";
import { CallRefused } from "../grpc/call-refused.js";
import { status } from "../grpc/status-code.js";
import {
  faultOf,
  type Identity,
  readIdentity,
  readRoots,
  type WantedIdentity,
} from "./identity.js";
import type { TokenFile } from "./token-file.js";

/** How an identity is certified. */
export interface CertifyOptions {
  readonly wanted: WantedIdentity;
  /** Absent when there is none; then only a valid certificate helps. */
  readonly token?: TokenFile;
  /** Asks the control plane, which has to be of these roots. */
  readonly certify: (roots: string, proof: CallerProof, csr: string) => Promise<CertifiedAnswer>;
  readonly clock: { readonly now: () => number };
}

/** What is certified: who has lost it may need another token. */
export interface Certified {
  readonly by: "token" | "certificate";
  readonly identity: Identity;
  readonly roots: string;
}

/** Nothing was certified, and why. */
export interface Waiting {
  readonly kind: "waiting";
  readonly reason: string;
  /** Another token would help. */
  readonly needsToken: boolean;
}

/** What came of asking. */
export type Certification = ({ readonly kind: "certified" } & Certified) | Waiting;

/** By the certificate as long as it is valid. One that is refused may have been revoked: then a token helps. */
export async function certifyIdentity(
  { identity, roots }: { readonly identity: Identity | undefined; readonly roots: string },
  options: CertifyOptions,
): Promise<Certification> {
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
  { wanted, certify, clock }: CertifyOptions,
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
