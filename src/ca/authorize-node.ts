import { status } from "@grpc/grpc-js";
import type { Proof } from "./proof.js";

/** Who a node says that it is. */
export interface NodeClaim {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Whether a node may say so. */
export type Authorization =
  | { readonly kind: "allowed" }
  | {
      readonly kind: "denied";
      readonly code: status.PERMISSION_DENIED;
      /** For the peer and our log: both identities, and what to change. */
      readonly message: string;
    };

const SHOWN_LENGTH = 100;

/** A node may only claim the namespace and service account that it proved. */
export function authorizeNode(proof: Proof, claim: NodeClaim): Authorization {
  const same = proof.namespace === claim.namespace && proof.serviceAccount === claim.serviceAccount;
  if (same) return { kind: "allowed" };
  const proven = `${proof.namespace}/${proof.serviceAccount}`;
  const claimed = `${shown(claim.namespace)}/${shown(claim.serviceAccount)}`;
  return {
    kind: "denied",
    code: status.PERMISSION_DENIED,
    message:
      `the node claims service account ${claimed}, but its ${proof.method} is for ${proven}: ` +
      "make the bootstrap and the join token for the same one",
  };
}

/** The peer chose this text, and it goes into a log. */
function shown(text: string): string {
  return text.slice(0, SHOWN_LENGTH).replace(/[^\x21-\x7e]/g, "?");
}
