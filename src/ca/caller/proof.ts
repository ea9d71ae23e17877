/** Who a peer was proved to be. */
import type { WorkloadIdentity } from "../spiffe-id.js";

declare const PROVED: unique symbol;

/** By what a peer proved itself. */
export type ProofMethod = "token" | "jwt" | "certificate";

/**
 * An identity that was proved. Only `authenticate` makes one, and whoever gives out secrets asks for one: an identity that
 * a node merely claims does not fit.
 */
export interface Proof extends WorkloadIdentity {
  readonly method: ProofMethod;
  /** When it ends, in milliseconds since 1970: a stream that stands on it has to be closed by then. */
  readonly expiresAt: number;
  /** The certificate's serial number, the join token's id or the JWT's issuer and id, for logs. */
  readonly evidence: string;
  readonly [PROVED]: true;
}

/** For `authenticate` alone: says that an identity was proved. */
export function proved(proof: Omit<Proof, typeof PROVED>): Proof {
  return proof as Proof;
}
